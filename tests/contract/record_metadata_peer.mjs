// Records what docker/metadata-action answers: node record_metadata_peer.mjs DIST CASES OUT
// DIST is the action's own dist/index.cjs, CASES what metadata_peer_cases.py prints. The clock stands still, and the
// API that the action needs is a server in this process that knows one repository and one commit.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'

const [dist, casesPath, out] = process.argv.slice(2)
const cases = JSON.parse(readFileSync(casesPath, 'utf8'))
const scratch = mkdtempSync(join(tmpdir(), 'metadata-peer-'))
const clock = join(scratch, 'clock.cjs')
writeFileSync(clock, `
const Real = Date
global.Date = class extends Real {
  constructor (...given) { given.length ? super(...given) : super('2020-01-10T00:30:00.000Z') }
  static now () { return Real.parse('2020-01-10T00:30:00.000Z') }
}
`)
const repository = {
  name: 'Hello-World', description: 'This your first repo!', html_url: 'https://github.com/octocat/Hello-World',
  default_branch: 'master', license: { spdx_id: 'MIT' }
}
const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json')
  const commit = { commit: { committer: { date: '2024-11-13T13:42:28Z' } } }
  response.end(JSON.stringify(request.url.includes('/commits/') ? commit : repository))
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const api = `http://127.0.0.1:${server.address().port}`
const own = /^org\.opencontainers\.image\.(description|url|source|created|licenses)$/

async function answer ({ environ, payload, inputs }, index) {
  const event = join(scratch, `${index}.json`)
  const output = join(scratch, `${index}.out`)
  writeFileSync(event, JSON.stringify(payload))
  writeFileSync(output, '')
  const env = {
    PATH: process.env.PATH, TZ: 'UTC', RUNNER_TEMP: scratch, GITHUB_API_URL: api, GITHUB_EVENT_PATH: event, GITHUB_OUTPUT: output,
    'INPUT_GITHUB-TOKEN': 'none', DOCKER_METADATA_SET_OUTPUT_ENV: 'false', ...environ
  }
  for (const [name, value] of Object.entries(inputs)) env[`INPUT_${name.toUpperCase()}`] = value
  const code = await new Promise(resolve => {
    execFile(process.execPath, ['-r', clock, dist], { env, timeout: 60000 }, error => resolve(error ? error.code : 0))
  })
  if (code) return { refused: true }
  const found = {}
  for (const [, name, , value] of readFileSync(output, 'utf8').matchAll(/^([a-z-]+)<<(\S+)\n([\s\S]*?)\n\2$/gm)) found[name] = value
  const { labels, 'tag-names': names } = JSON.parse(found.json)
  const bake = JSON.parse(readFileSync(found['bake-file-tags'], 'utf8')).target['docker-metadata-action']
  const kept = found.labels.split('\n').filter(line => !own.test(line.split('=')[0]))
  return {
    version: found.version, names, images: bake.args.DOCKER_META_IMAGES, count: bake.tags.length, labels: kept,
    json: Object.keys(labels).filter(key => !own.test(key))
  }
}

const answers = new Array(cases.length)
let next = 0
await Promise.all(cpus().map(async () => {
  while (next < cases.length) {
    const index = next++
    answers[index] = await answer(cases[index], index)
    if (index % 50 === 0) process.stderr.write(`${index} of ${cases.length}\n`)
  }
}))
writeFileSync(out, `[\n${answers.map(one => JSON.stringify(one)).join(',\n')}\n]\n`)
rmSync(scratch, { recursive: true })
server.close()
