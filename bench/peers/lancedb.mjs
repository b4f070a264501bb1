// LanceDB behind the two endpoints of Sheaf's that are measured, and its searches without HTTP: see bench/README.md.
// usage: node lancedb.mjs hnsw|rq DIRECTORY
import http from 'node:http'
import readline from 'node:readline'
import { connect, Index } from '@lancedb/lancedb'

const [kind, directory] = process.argv.slice(2)
const INDEX = {
  hnsw: () => Index.hnswSq({ distanceType: 'cosine', numPartitions: 1 }),
  rq: () => Index.ivfRq({ distanceType: 'cosine' }),
}
const FIELDS = ['access', 'team', 'author', 'source']
const RETURNED = ['id', 'title', 'text', 'topic', 'year', ...FIELDS, '_distance']
const BATCH = 10_000

const db = await connect(directory)
let table

function row(line) {
  const { id, title, metadata, chunks: [{ text, vector }] } = JSON.parse(line)
  const bytes = Uint8Array.from(Buffer.from(vector, 'base64'))
  return { id, title, text, ...metadata, vector: new Float32Array(bytes.buffer) }
}

async function add(rows) {
  if (table) {
    await table.add(rows)
  } else {
    table = await db.createTable('documents', rows, { mode: 'overwrite' })
  }
}

/** Stores lines of JSON and returns when all indexes are built. */
async function load(request) {
  table = undefined
  let rows = []
  for await (const line of readline.createInterface({ input: request })) {
    rows.push(row(line))
    if (rows.length === BATCH) {
      await add(rows)
      rows = []
    }
  }
  if (rows.length > 0) {
    await add(rows)
  }
  await table.optimize()
  await table.createIndex('vector', { config: INDEX[kind]() })
  for (const field of FIELDS) {
    await table.createIndex(field, { config: Index.bitmap() })
  }
  return { created: await table.countRows(), failed: 0 }
}

async function search({ vector, limit, filter, ef, nprobes, refineFactor, exact }) {
  const query = table.vectorSearch(vector).distanceType('cosine').limit(limit).select(RETURNED)
  if (filter) {
    query.where(Object.entries(filter).map(([key, value]) => `${key} = '${value}'`).join(' AND '))
  }
  if (ef) query.ef(ef)
  if (nprobes) query.nprobes(nprobes)
  if (refineFactor) query.refineFactor(refineFactor)
  if (exact) query.bypassVectorIndex()
  const rows = await query.toArray()
  return {
    hits: rows.map(({ id, title, text, topic, year, access, team, author, source, _distance }) => ({
      document: id, title, text, metadata: { topic, year, access, team, author, source }, distance: _distance,
    })),
  }
}

/** Searches here, without HTTP, as many at a time as there would be connections. */
async function run({ searches, connections, seconds }) {
  const micros = []
  const end = performance.now() + seconds * 1000
  await Promise.all(Array.from({ length: connections }, async (_, connection) => {
    let next = Math.floor(connection * searches.length / connections)
    for (let begun = performance.now(); begun < end;) {
      await search(searches[next++ % searches.length])
      const done = performance.now()
      micros.push(Math.round((done - begun) * 1000))
      begun = done
    }
  }))
  return { micros }
}

async function json(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return JSON.parse(Buffer.concat(parts))
}

async function answer(request) {
  if (request.url.endsWith('/search')) return search(await json(request))
  if (request.url.endsWith('/documents')) return load(request)
  return run(await json(request))
}

const server = http.createServer({ requestTimeout: 0 }, async (request, response) => {
  let status = 200
  let body
  try {
    body = await answer(request)
  } catch (error) {
    status = 500
    body = { error: String(error) }
  }
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bytes.length }).end(bytes)
})
server.listen(0, '127.0.0.1', () => console.log(`Listening on: http://127.0.0.1:${server.address().port}`))

// The benchmark has ended, however it did.
process.stdin.on('end', () => process.exit()).resume()
