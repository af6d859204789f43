// CONTRACT: per-sample products of small matrices; both operands vary by lane.

template <class T>
NABLA_INLINE Vec<T> loadLanes(const T* p, int64_t lane, bool uniform) {
  return uniform ? set(*p) : load<T>(p + lane);
}

template <class T>
void contract(const ContractArgs<T>& a) {
  constexpr int W = kWidth<T>;
  for (int64_t lane = 0; lane < a.B; lane += W) {
    for (int64_t i = 0; i < a.I; i++) {
      for (int64_t j = a.symmetric ? i : 0; j < a.J; j++) {
        Vec<T> s = set(T(0));
        for (int64_t k = 0; k < a.K; k++) {
          Vec<T> x = loadLanes(a.a + i * a.aI + k * a.aK, lane, a.aUniform);
          if (a.w != nullptr) x = x * loadLanes(a.w + k * a.wK, lane, a.wUniform);
          s = fma(x, loadLanes(a.b + j * a.bJ + k * a.bK, lane, a.bUniform), s);
        }
        T* out = a.out + i * a.outI + j * a.outJ + lane;
        if (a.accumulate) s = load<T>(out) + s;
        store<T>(out, s);
        if (a.symmetric) store<T>(a.out + j * a.outI + i * a.outJ + lane, s);
      }
    }
  }
}

template <class T>
void contractFlat(const ContractArgs<T>& a) {
  for (int64_t i = 0; i < a.I; i++) {
    for (int64_t j = a.symmetric ? i : 0; j < a.J; j++) {
      T s = 0;
      for (int64_t k = 0; k < a.K; k++) {
        T x = a.a[i * a.aI + k * a.aK];
        if (a.w != nullptr) x = x * a.w[k * a.wK];
        s = std::fma(x, a.b[j * a.bJ + k * a.bK], s);
      }
      T* out = a.out + i * a.outI + j * a.outJ;
      *out = a.accumulate ? *out + s : s;
      if (a.symmetric) a.out[j * a.outI + i * a.outJ] = *out;
    }
  }
}
