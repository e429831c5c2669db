// BLAKE2b (RFC 7693) without a key, as far as colours of names need it: the first four bytes of a short text's hash.

const MASK = (1n << 64n) - 1n;
const IV = [
  0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n,
];
const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];
const BLOCK = 128;
const SIZE = 4;

/** The hash of four bytes of a text's UTF-8, as a number, its first byte first. */
export function blake2b32(text) {
  const data = new TextEncoder().encode(text);
  const state = [...IV];
  state[0] ^= 0x01010000n ^ BigInt(SIZE);
  const blocks = Math.max(1, Math.ceil(data.length / BLOCK));
  for (let block = 0; block < blocks; block += 1) {
    const padded = new Uint8Array(BLOCK);
    padded.set(data.subarray(block * BLOCK, (block + 1) * BLOCK));
    const last = block === blocks - 1;
    compress(state, padded, BigInt(last ? data.length : (block + 1) * BLOCK), last);
  }
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, state[0], true);
  return view.getUint32(0);
}

function compress(state, block, counted, last) {
  const view = new DataView(block.buffer);
  const words = Array.from({ length: 16 }, (_, index) => view.getBigUint64(index * 8, true));
  const v = [...state, ...IV];
  v[12] ^= counted;
  if (last) v[14] ^= MASK;
  const mix = (a, b, c, d, x, y) => {
    v[a] = (v[a] + v[b] + x) & MASK;
    v[d] = turned(v[d] ^ v[a], 32n);
    v[c] = (v[c] + v[d]) & MASK;
    v[b] = turned(v[b] ^ v[c], 24n);
    v[a] = (v[a] + v[b] + y) & MASK;
    v[d] = turned(v[d] ^ v[a], 16n);
    v[c] = (v[c] + v[d]) & MASK;
    v[b] = turned(v[b] ^ v[c], 63n);
  };
  for (let round = 0; round < 12; round += 1) {
    const order = SIGMA[round % 10];
    for (let index = 0; index < 4; index += 1) {
      mix(index, index + 4, index + 8, index + 12, words[order[2 * index]], words[order[2 * index + 1]]);
    }
    for (let index = 0; index < 4; index += 1) {
      const [b, c, d] = [4 + ((index + 1) % 4), 8 + ((index + 2) % 4), 12 + ((index + 3) % 4)];
      mix(index, b, c, d, words[order[8 + 2 * index]], words[order[9 + 2 * index]]);
    }
  }
  for (let index = 0; index < 8; index += 1) state[index] ^= v[index] ^ v[index + 8];
}

function turned(value, by) {
  return ((value >> by) | (value << (64n - by))) & MASK;
}
