/* The same map as lib/hashmap.fox: chained buckets that double, MurmurHash3's finaliser, insertion order. */
#include <stdio.h>
#include <stdlib.h>
typedef unsigned long u;
typedef struct node { u key; long value; struct node *next, *newer; } node;
typedef struct { node **buckets; u capacity, count; node *oldest, *newest; } map;
static u hash(u k) { k = (k ^ k >> 33) * 0xff51afd7ed558ccdUL; k = (k ^ k >> 33) * 0xc4ceb9fe1a85ec53UL; return k ^ k >> 33; }
static node *find(map *m, u key) {
  node *n = m->buckets[hash(key) % m->capacity];
  while (n && n->key != key) n = n->next;
  return n;
}
static void grow(map *m) {
  free(m->buckets);
  m->capacity *= 2;
  m->buckets = calloc(m->capacity, 8);
  for (node *n = m->oldest; n; n = n->newer) {
    u slot = hash(n->key) % m->capacity;
    n->next = m->buckets[slot];
    m->buckets[slot] = n;
  }
}
static void put(map *m, u key, long value) {
  node *n = find(m, key);
  if (n) { n->value = value; return; }
  if (m->count == m->capacity * 2) grow(m);
  u slot = hash(key) % m->capacity;
  n = malloc(sizeof *n);
  *n = (node){key, value, m->buckets[slot], 0};
  m->buckets[slot] = n;
  if (m->newest) m->newest->newer = n; else m->oldest = n;
  m->newest = n;
  m->count++;
}
int main(void) {
  map m = {calloc(16, 8), 16, 0, 0, 0};
  u key = 1;
  long sum = 0;
  for (long i = 0; i < 1000000; i++) { key = key * 6364136223846793005UL + 1442695040888963407UL; put(&m, key, i); }
  key = 1;
  for (long i = 0; i < 1000000; i++) { key = key * 6364136223846793005UL + 1442695040888963407UL; node *n = find(&m, key); sum += n ? n->value : -1; }
  printf("%ld\n", sum);
  return 0;
}
