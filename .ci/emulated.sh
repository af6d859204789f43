#!/usr/bin/env bash
# What this machine's processor cannot show. The kernels of AArch64 (NEON), and those of a processor without AVX, under an
# emulator: the same bits as here. And the whole addon on the latter: no illegal instruction, and the same Hessian.
set -euo pipefail

build() { # build FOLDER [cmake options]
  local folder=$1
  shift
  cmake -S . -B "$folder" -DNABLA_KERNEL_TOOLS=ON -DCMAKE_BUILD_TYPE=Release "$@" >/dev/null
  cmake --build "$folder" --target kernel_hashes --parallel 2 >/dev/null
}

build build/tools
build/tools/kernel_hashes >build/tools/here.txt
echo "kernels hashed: $(wc -l <build/tools/here.txt)"

build build/tools-aarch64 -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++
qemu-aarch64 -L /usr/aarch64-linux-gnu build/tools-aarch64/kernel_hashes >build/tools/neon.txt
diff build/tools/here.txt build/tools/neon.txt
echo 'NEON: the same bits'

if [[ $(uname -m) == x86_64 ]]; then
  old=(qemu-x86_64 -cpu Nehalem)
  "${old[@]}" build/tools/kernel_hashes >build/tools/old.txt
  diff build/tools/here.txt build/tools/old.txt
  node scripts/setup.mjs --native --dist
  program='
    import { hessian, info, nn, numpy as np, random, vmap } from "nabla";
    const model = new nn.MLP({ features: [20, 20, 1] });
    const X = random.uniform(random.PRNGKey(1), [50, 3]);
    const params = model.init(random.PRNGKey(0), X);
    const u = (p, x) => np.squeeze(model.apply(p, x));
    const H = vmap(hessian(u, { argnums: 1 }), [null, 0])(params, X);
    console.log(Buffer.from(H.data.buffer).toString("base64"));
    console.error(info().isas.join(" "));'
  node --input-type=module -e "$program" >build/tools/hessian-here.txt
  "${old[@]}" "$(command -v node)" --input-type=module -e "$program" >build/tools/hessian-old.txt 2>build/tools/isas-old.txt
  cmp build/tools/hessian-here.txt build/tools/hessian-old.txt
  [[ $(<build/tools/isas-old.txt) == scalar ]]
  echo 'without AVX: the same bits'
fi
