// Chooses the kernel table at run time. This file is compiled for the baseline and touches no table's code.
#include <array>
#include <cstdlib>

#include "../simd/cpu.h"
#include "tables.h"

namespace nabla {
namespace {

struct Choice {
  std::array<const KernelTable*, 3> tables{};
  std::size_t count = 0;
  const KernelTable* active = nullptr;
  bool honoured = true;

  Choice() {
#if defined(__x86_64__) || defined(_M_X64)
    if (cpuHasAvx512()) tables[count++] = &kAvx512Table;
    if (cpuHasAvx2Fma()) tables[count++] = &kAvx2Table;
#elif defined(__aarch64__)
    tables[count++] = &kNeonTable;
#endif
    tables[count++] = &kScalarTable;
    active = tables[0];
    const char* wanted = std::getenv("NABLA_ISA");
    if (wanted == nullptr || *wanted == '\0') return;
    honoured = false;
    for (std::size_t i = 0; i < count; i++) {
      if (std::string_view(wanted) == tables[i]->isa) {
        active = tables[i];
        honoured = true;
      }
    }
  }
};

const Choice& choice() {
  static const Choice once;
  return once;
}

}  // namespace

std::span<const KernelTable* const> supportedTables() { return {choice().tables.data(), choice().count}; }

const KernelTable* findTable(std::string_view isa) {
  for (const KernelTable* table : supportedTables()) {
    if (isa == table->isa) return table;
  }
  return nullptr;
}

const KernelTable& activeTable() { return *choice().active; }

bool isaOverrideHonoured() { return choice().honoured; }

}  // namespace nabla
