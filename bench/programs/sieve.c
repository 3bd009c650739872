#include <stdio.h>
#include <stdlib.h>
int main(void) {
  long n = 20000000, count = 0;
  long *out = calloc(n, 8);
  for (long i = 2; i < n; i++)
    if (out[i] == 0) {
      count++;
      for (long j = i * i; j < n; j += i) out[j] = 1;
    }
  printf("%ld\n", count);
  return 0;
}
