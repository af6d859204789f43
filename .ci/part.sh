# Sourced by vitest.sh and sanitizers.sh. The whole suite runs once in .ci/run; repeated on another build or machine, most of it
# would only say again what TypeScript does. With NABLA_CI_PART=native, `part` is what meets native code, else nothing: all of it.
part=()
if [[ ${NABLA_CI_PART-} == native ]]; then
  part=(test/native test/exec test/program test/runtime test/random test/compile test/optim/vectors.test.ts)
fi
