// The machine's peak: twelve independent chains fit sixteen registers and cover latency x throughput (10 at
// most) on every processor this runs on.
template <class T>
int64_t fmaPeak(int64_t steps, T* sink) {
  constexpr int kChains = 12;
  Vec<T> s[kChains];
  NABLA_UNROLL
  for (int i = 0; i < kChains; i++) s[i] = set(*sink + static_cast<T>(i));
  // A factor just below one: the values neither overflow nor become subnormal.
  const Vec<T> factor = set(T(0.999999)), term = set(T(1e-6));
  for (int64_t step = 0; step < steps; step++) {
    NABLA_UNROLL
    for (int i = 0; i < kChains; i++) s[i] = fma(s[i], factor, term);
  }
  Vec<T> sum = s[0];
  NABLA_UNROLL
  for (int i = 1; i < kChains; i++) sum = sum + s[i];
  T lanes[kWidth<T>];
  store<T>(lanes, sum);
  *sink = lanes[0];
  return steps * kChains * kWidth<T> * 2;
}
