/** Files as one ZIP archive, stored as they are (recordings hardly shrink). Format: PKWARE's APPNOTE, 4.3. */

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** Numbers as little-endian fields of so many bytes: [[value, size], ...]. */
function record(fields) {
  const bytes = [];
  for (const [value, size] of fields) for (let i = 0; i < size; i++) bytes.push((value / 2 ** (8 * i)) & 255);
  return Uint8Array.from(bytes);
}

/** [{name, bytes}] as a Blob; the date of every entry is 1 January 2026. */
export function zip(files) {
  const parts = [], directory = [];
  let at = 0;
  for (const { name, bytes } of files) {
    const path = new TextEncoder().encode(name);
    const common = [[20, 2], [0x800, 2], [0, 2], [0, 2], [0x5c21, 2], [crc32(bytes), 4]];
    common.push([bytes.length, 4], [bytes.length, 4], [path.length, 2], [0, 2]);
    const local = record([[0x04034b50, 4], ...common]);
    directory.push(record([[0x02014b50, 4], [20, 2], ...common, [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]]), path);
    parts.push(local, path, bytes);
    at += local.length + path.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const count = [[files.length, 2], [files.length, 2]];
  const end = record([[0x06054b50, 4], [0, 2], [0, 2], ...count, [size, 4], [at, 4], [0, 2]]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
