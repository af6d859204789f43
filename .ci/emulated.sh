#!/usr/bin/env bash
# What this machine's processor cannot show. The kernels of AArch64 (NEON), and those of a processor without AVX, under an
# emulator, each alone and in whole programs on one thread and several: the same bits as here. And the whole addon on the latter:
# no illegal instruction, and the same Hessian.
set -euo pipefail

build() { # build FOLDER [cmake options]
  local folder=$1
  shift
  cmake -S . -B "$folder" -DNABLA_KERNEL_TOOLS=ON -DCMAKE_BUILD_TYPE=Release "$@" >/dev/null
  cmake --build "$folder" --parallel 2 >/dev/null
}

hashes() { # hashes FOLDER [emulator]: of every kernel and of every program of the fuzzer's corpus, which has every instruction
  local folder=$1
  shift
  "$@" "$folder/kernel_hashes"
  "$@" "$folder/program_hashes" native/fuzz/corpus/*.bin
}

build build/tools
hashes build/tools >build/tools/here.txt
echo "kernels and programs hashed: $(wc -l <build/tools/here.txt)"

[[ $(uname -m) == x86_64 ]] || exit 0
build build/tools-aarch64 -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++
hashes build/tools-aarch64 qemu-aarch64 -L /usr/aarch64-linux-gnu >build/tools/neon.txt
diff build/tools/here.txt build/tools/neon.txt
echo 'NEON: the same bits'

old=(qemu-x86_64 -cpu Nehalem)
hashes build/tools "${old[@]}" >build/tools/old.txt
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
