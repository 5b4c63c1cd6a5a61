// Records what the CIs' own libraries write, for tests/contract/test_ci_oracles.py.
//
//   npm install --prefix FOLDER @actions/core@3 azure-pipelines-task-lib@5
//   node tests/contract/record_ci_oracles.mjs FOLDER tests/contract/ci_oracle_answers.json

import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Writable } from 'node:stream'

// Before the library is loaded: it prints what it reads otherwise.
process.env.DISTRIBUTEDTASK_TASKS_NODE_SKIPDEBUGLOGSWHENDEBUGMODEOFF = 'true'
const [folder, answers] = process.argv.slice(2)
const modules = resolve(folder, 'node_modules')
const core = await import(pathToFileURL(join(modules, '@actions/core/lib/core.js')).href)
const tl = createRequire(join(modules, 'x.js'))('azure-pipelines-task-lib/task')
const version = name => JSON.parse(readFileSync(join(modules, name, 'package.json'))).version
const scratch = mkdtempSync(join(tmpdir(), 'oracle-'))

const texts = [
  'plain', '', '100%', '%25', '%0A', '%3B and %5D', 'two\nlines', 'dos\r\nlines', 'cr\ronly', 'a:b,c=d', 'a;b]c',
  '::error::x', '##[error]x', '##vso[task.complete result=Failed;]x', 'ümläut 日本 🚀', ' spaces ', 'tab\there', '%AZP25'
]
const secrets = ['s3cr3t', 'with %25 and : , ; ]']
const places = [
  ['Dockerfile', 14, 3], ['k8s/a:b,c;d].yml', 2, 0], ['only-a-file', 0, 0], ['100%/x.yml', 1, 1]
]
const values = [['digest', 'sha256:00'], ['empty', ''], ['tags', '1.5.0\n1.5\nlatest\n'], ['_a-b', 'x<<EOF\ny\nEOF'],
  ['percent', '%0A%25'], ['dos', 'a\r\nb'], ['unicode', 'ümläut 🚀']]

const cases = [...githubCases(), ...azureCases()]
const packages = ['@actions/core', 'azure-pipelines-task-lib']
const versions = Object.fromEntries(packages.map(name => [name, version(name)]))
writeFileSync(answers, JSON.stringify({ versions, cases }, null, 1) + '\n')
rmSync(scratch, { recursive: true })

function githubCases() {
  const log = call => {
    const write = process.stdout.write
    let text = ''
    process.stdout.write = chunk => { text += chunk; return true }
    try { call() } finally { process.stdout.write = write }
    return text
  }
  const file = (variable, call) => {
    const path = process.env[variable] = join(scratch, variable)
    writeFileSync(path, '')
    call()
    return readFileSync(path, 'utf8').replace(/ghadelimiter_[0-9a-f-]{36}/g, 'DELIMITER')
  }
  const properties = ([name, startLine, startColumn]) => ({ title: 'a: title, 5%', file: name, startLine, startColumn })
  const of = entries => entries.map(entry => ({ ci: 'github', ...entry }))
  return of([
    ...texts.map(text => ({ say: 'annotation', level: 'error', text, answer: log(() => core.error(text)) })),
    ...places.map(place => ({
      say: 'annotation', level: 'warning', text: 'w', title: 'a: title, 5%', place,
      answer: log(() => core.warning('w', properties(place)))
    })),
    { say: 'annotation', level: 'notice', text: 'n', answer: log(() => core.notice('n')) },
    { say: 'group', text: 'build: 100%', answer: log(() => core.startGroup('build: 100%')) },
    { say: 'end', answer: log(() => core.endGroup()) },
    ...secrets.map(text => ({ say: 'mask', text, answer: log(() => core.setSecret(text)) })),
    ...values.map(([name, text]) => ({
      say: 'output', name, text, file: 'GITHUB_OUTPUT',
      answer: file('GITHUB_OUTPUT', () => core.setOutput(name, text))
    }))
  ])
}

function azureCases() {
  const log = call => {
    let text = ''
    tl.setStdStream(new Writable({ write(chunk, _, done) { text += chunk; done() } }))
    call()
    return text
  }
  const of = entries => entries.map(entry => ({ ci: 'azure_devops', ...entry }))
  const variable = (name, text, secret) => log(() => {
    tl.setVariable(name, text, secret, true)
    tl.setVariable(name, text, secret, false)
  })
  return of([
    ...texts.map(text => ({
      say: 'annotation', level: 'error', text, answer: log(() => tl.logIssue(tl.IssueType.Error, text))
    })),
    ...places.map(place => ({
      say: 'annotation', level: 'warning', text: 'w', place,
      answer: log(() => tl.logIssue(tl.IssueType.Warning, 'w', ...place))
    })),
    ...secrets.map(text => ({ say: 'mask', text, answer: log(() => tl.setSecret(text)) })),
    ...values.map(([name, text]) => ({ say: 'output', name, text, answer: variable(name, text, false) })),
    { say: 'output', name: 'token', text: 's3cr3t; ]', secret: true, answer: variable('token', 's3cr3t; ]', true) }
  ])
}
