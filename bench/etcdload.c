// Closed-loop load on etcd by its own protocol (gRPC on HTTP/2, no TLS): each connection asks anew on each answer.
// Puts of 10,000 keys in turn with values of 30 bytes, or linearizable reads of them; then one line of JSON.
// Usage: etcdload put|range CONNECTIONS SECONDS HOST:PORT[,HOST:PORT...]
//
// Written for a fair comparison: like kvload one thread, one read and one write of the system a request, and headers
// by index after a connection's first request, as etcd's own client sends them (RFC 7541, 6.1). Answers' headers are
// not decoded: a success has a message and then trailers, whatever failed has trailers alone.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  keys = 10000,
  key_size = 11,
  value_size = 30,
  hosts_max = 7,
  connections_max = 4096,
  input_size = 16384,
  output_size = 1024,
  events_max = 256,
  frame_head = 9,
  window_low = 1 << 28,
  window_more = 1 << 29,
};
enum { frame_data, frame_headers, frame_reset = 3, frame_settings, frame_ping = 6, frame_goaway, frame_window };
enum { flag_end_stream = 1, flag_ack = 1, flag_end_headers = 4 };

typedef struct {
  int socket;
  const char *authority;
  uint32_t stream, window;
  bool has_message;
  uint64_t asked;
  size_t received, filled;
  uint8_t input[input_size], output[output_size];
} connection_t;

static bool is_put;
static uint32_t next_key;
static uint64_t failures;
static uint32_t *latencies; // microseconds
static size_t done, room;

static void die(const char *what) {
  fprintf(stderr, "ERROR: etcdload: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void put_bytes(connection_t *c, const void *bytes, size_t count) {
  if (c->filled + count > output_size) {
    errno = ENOBUFS;
    die("output");
  }
  memcpy(c->output + c->filled, bytes, count);
  c->filled += count;
}

static void put_number(connection_t *c, uint32_t number) {
  uint32_t big = htonl(number);
  put_bytes(c, &big, 4);
}

static void put_frame(connection_t *c, size_t length, uint8_t type, uint8_t flags, uint32_t stream) {
  uint8_t head[5] = {(uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, type, flags};
  put_bytes(c, head, sizeof head);
  put_number(c, stream);
}

// A literal that enters the table of headers; `name` is an index of the static table, or 0 and then spelled.
static size_t literal(uint8_t *at, uint8_t name, const char *spelled, const char *value) {
  size_t size = 0;
  at[size++] = 0x40 | name;
  if (name == 0) {
    at[size++] = (uint8_t)strlen(spelled);
    memcpy(at + size, spelled, strlen(spelled));
    size += strlen(spelled);
  }
  at[size++] = (uint8_t)strlen(value);
  memcpy(at + size, value, strlen(value));
  return size + strlen(value);
}

static void put_headers(connection_t *c) {
  uint8_t block[256] = {0x83, 0x86}; // POST, http
  size_t size = 2;
  if (c->stream == 1) {
    size += literal(block + size, 4, NULL, is_put ? "/etcdserverpb.KV/Put" : "/etcdserverpb.KV/Range");
    size += literal(block + size, 1, NULL, c->authority);
    size += literal(block + size, 31, NULL, "application/grpc");
    size += literal(block + size, 0, "te", "trailers");
  } else {
    for (uint8_t index = 65; index >= 62; index--) block[size++] = 0x80 | index;
  }
  put_frame(c, size, frame_headers, flag_end_headers, c->stream);
  put_bytes(c, block, size);
}

static void put_message(connection_t *c) {
  char key[16], value[40];
  uint32_t number = next_key++;
  snprintf(key, sizeof key, "key%08u", number % keys);
  snprintf(value, sizeof value, "value-of-thirty-bytes-%08u", number % 100000000);
  uint32_t size = 2 + key_size + (is_put ? 2 + value_size : 0);
  put_frame(c, 5 + size, frame_data, flag_end_stream, c->stream);
  put_bytes(c, "\0", 1); // not compressed
  put_number(c, size);
  put_bytes(c, (uint8_t[]){0x0a, key_size}, 2); // field 1
  put_bytes(c, key, key_size);
  if (is_put) {
    put_bytes(c, (uint8_t[]){0x12, value_size}, 2); // field 2
    put_bytes(c, value, value_size);
  }
}

static void flush(connection_t *c) {
  size_t sent = 0;
  while (sent < c->filled) {
    ssize_t count = write(c->socket, c->output + sent, c->filled - sent);
    if (count < 0) die("write");
    sent += (size_t)count;
  }
  c->filled = 0;
}

static void ask(connection_t *c) {
  c->stream = c->stream == 0 ? 1 : c->stream + 2;
  c->has_message = false;
  put_headers(c);
  put_message(c);
  c->asked = now();
}

static void on_done(connection_t *c) {
  if (c->has_message) {
    if (done == room) {
      room = room == 0 ? 1 << 16 : room * 2;
      latencies = realloc(latencies, room * sizeof *latencies);
      if (latencies == NULL) die("memory");
    }
    latencies[done++] = (uint32_t)((now() - c->asked) / 1000);
  } else {
    failures++;
  }
  ask(c);
}

static void on_frame(connection_t *c, uint32_t length, uint8_t type, uint8_t flags, const uint8_t *payload) {
  if (type == frame_data) {
    if (length > 0) c->has_message = true;
    c->window -= length;
    if (c->window < window_low) {
      put_frame(c, 4, frame_window, 0, 0);
      put_number(c, window_more);
      c->window += window_more;
    }
  } else if (type == frame_settings && !(flags & flag_ack)) {
    put_frame(c, 0, frame_settings, flag_ack, 0);
  } else if (type == frame_ping && !(flags & flag_ack)) {
    put_frame(c, 8, frame_ping, flag_ack, 0);
    put_bytes(c, payload, 8);
  } else if (type == frame_goaway || type == frame_reset) {
    errno = ECONNRESET;
    die("the server ended a stream");
  }
  if ((type == frame_data || type == frame_headers) && (flags & flag_end_stream)) on_done(c);
}

static void on_readable(connection_t *c) {
  ssize_t count = read(c->socket, c->input + c->received, input_size - c->received);
  if (count <= 0) die("read");
  c->received += (size_t)count;
  size_t at = 0;
  while (c->received - at >= frame_head) {
    const uint8_t *head = c->input + at;
    uint32_t length = (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2];
    if (frame_head + length > input_size) {
      errno = EMSGSIZE;
      die("frame");
    }
    if (c->received - at < frame_head + length) break;
    on_frame(c, length, head[3], head[4], head + frame_head);
    at += frame_head + length;
  }
  memmove(c->input, c->input + at, c->received - at);
  c->received -= at;
  if (c->filled > 0) flush(c);
}

static connection_t *dial(const char *authority) {
  char host[64];
  const char *colon = strrchr(authority, ':');
  struct sockaddr_in address = {.sin_family = AF_INET};
  if (colon == NULL || colon - authority >= (ptrdiff_t)sizeof host) die("host");
  memcpy(host, authority, (size_t)(colon - authority));
  host[colon - authority] = 0;
  address.sin_port = htons((uint16_t)atoi(colon + 1));
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die("address");
  connection_t *c = calloc(1, sizeof *c);
  if (c == NULL) die("memory");
  c->authority = authority;
  c->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (c->socket < 0 || connect(c->socket, (struct sockaddr *)&address, sizeof address) < 0) die(authority);
  setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  put_bytes(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
  put_frame(c, 0, frame_settings, 0, 0);
  put_frame(c, 4, frame_window, 0, 0);
  put_number(c, window_more);
  c->window = window_more;
  flush(c);
  return c;
}

static int by_size(const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return left < right ? -1 : left > right;
}

static uint32_t percentile(double part) {
  return done == 0 ? 0 : latencies[(size_t)((double)(done - 1) * part)];
}

int main(int count, char **arguments) {
  int connections = count == 5 ? atoi(arguments[2]) : 0;
  double seconds = count == 5 ? atof(arguments[3]) : 0;
  if (connections < 1 || connections > connections_max || seconds <= 0) {
    fprintf(stderr, "usage: etcdload put|range CONNECTIONS SECONDS HOST:PORT[,HOST:PORT...]\n");
    return 2;
  }
  is_put = strcmp(arguments[1], "put") == 0;
  char *hosts[hosts_max];
  int host_count = 0;
  for (char *host = strtok(arguments[4], ","); host && host_count < hosts_max; host = strtok(NULL, ","))
    hosts[host_count++] = host;
  int poll = epoll_create1(0);
  static connection_t *all[connections_max];
  for (int i = 0; i < connections; i++) {
    all[i] = dial(hosts[i % host_count]);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = all[i]};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, all[i]->socket, &event) < 0) die("epoll");
  }
  uint64_t began = now(), end = began + (uint64_t)(seconds * 1e9), ended;
  for (int i = 0; i < connections; i++) {
    ask(all[i]);
    flush(all[i]);
  }
  while ((ended = now()) < end) {
    struct epoll_event events[events_max];
    int ready = epoll_wait(poll, events, events_max, (int)((end - ended) / 1000000) + 1);
    if (ready < 0 && errno != EINTR) die("epoll");
    for (int i = 0; i < ready; i++) on_readable(events[i].data.ptr);
  }
  qsort(latencies, done, sizeof *latencies, by_size);
  printf("{\"requests\": %zu, \"failures\": %llu, \"seconds\": %.6f, \"p50\": %u, \"p99\": %u, \"max\": %u}\n", done,
    (unsigned long long)failures, (double)(ended - began) / 1e9, percentile(0.5), percentile(0.99), percentile(1));
  return 0;
}
