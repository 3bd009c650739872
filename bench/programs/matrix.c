#include <stdio.h>
#include <stdlib.h>
enum { N = 300 };
static void fill(long *m, long times) { for (long i = 0; i < N * N; i++) m[i] = i * times % 1000; }
int main(void) {
  long *a = calloc(N * N, 8), *b = calloc(N * N, 8), *c = calloc(N * N, 8), total = 0;
  fill(a, 7);
  fill(b, 13);
  for (long i = 0; i < N; i++)
    for (long j = 0; j < N; j++) {
      long sum = 0;
      for (long k = 0; k < N; k++) sum += a[i * N + k] * b[k * N + j];
      c[i * N + j] = sum;
    }
  for (long i = 0; i < N * N; i++) total ^= c[i];
  printf("%ld\n", total);
  return 0;
}
