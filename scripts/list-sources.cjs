// Prints the C++ sources of the named folders of native/, one per line, for binding.gyp (gyp has no glob of its own).
const { readdirSync } = require('node:fs');
const { join } = require('node:path');

const native = join(__dirname, '..', 'native');
for (const folder of process.argv.slice(2)) {
  for (const file of readdirSync(join(native, folder)).sort()) {
    if (file.endsWith('.cc')) console.log(`native/${folder}/${file}`);
  }
}
