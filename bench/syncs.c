// What the disk takes to make 4 KiB safe: write and fdatasync, again and again, for some seconds; one line of JSON,
// times in microseconds. `append` makes a file longer each time; `overwrite` fills one that is already there, of which
// no length has to be recorded.
// Usage: syncs append|overwrite FILE SECONDS
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { block_size = 4096, blocks = 4096, counts_max = 1 << 20 };

static char block[block_size];
static uint32_t times[counts_max];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int by_size(const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return left < right ? -1 : left > right;
}

int main(int count, char **arguments) {
  double seconds = count == 4 ? atof(arguments[3]) : 0;
  if (seconds <= 0) {
    fprintf(stderr, "usage: syncs append|overwrite FILE SECONDS\n");
    return 2;
  }
  int overwrites = strcmp(arguments[1], "overwrite") == 0;
  memset(block, 'x', sizeof block);
  int file = open(arguments[2], O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (file < 0) die(arguments[2]);
  for (int i = 0; overwrites && i < blocks; i++)
    if (pwrite(file, block, block_size, (off_t)i * block_size) != block_size) die("pwrite");
  if (fsync(file) < 0) die("fsync");
  size_t done = 0;
  for (double at = now(), end = at + seconds; at < end && done < counts_max;) {
    off_t place = (off_t)(overwrites ? done % blocks : done) * block_size;
    if (pwrite(file, block, block_size, place) != block_size) die("pwrite");
    if (fdatasync(file) < 0) die("fdatasync");
    double after = now();
    times[done++] = (uint32_t)((after - at) * 1e6);
    at = after;
  }
  unlink(arguments[2]);
  qsort(times, done, sizeof *times, by_size);
  printf("{\"count\": %zu, \"p50\": %u, \"p99\": %u, \"max\": %u}\n", done, times[done / 2], times[done * 99 / 100],
    times[done - 1]);
  return 0;
}
