// What Swift cannot say of libuv and of sockets: casts between libuv's handle and request types, the address
// of a C struct as another, a call whose prototype glibc hides.
#ifndef QUORATE_CLIBUV_SHIM_H
#define QUORATE_CLIBUV_SHIM_H

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <uv.h>

static inline uv_handle_t *uvx_timer_handle(uv_timer_t *handle) { return (uv_handle_t *)handle; }
static inline uv_handle_t *uvx_prepare_handle(uv_prepare_t *handle) { return (uv_handle_t *)handle; }
static inline uv_handle_t *uvx_check_handle(uv_check_t *handle) { return (uv_handle_t *)handle; }
static inline uv_handle_t *uvx_idle_handle(uv_idle_t *handle) { return (uv_handle_t *)handle; }
static inline uv_handle_t *uvx_signal_handle(uv_signal_t *handle) { return (uv_handle_t *)handle; }
static inline uv_handle_t *uvx_poll_handle(uv_poll_t *handle) { return (uv_handle_t *)handle; }
static inline uv_handle_t *uvx_tcp_handle(uv_tcp_t *handle) { return (uv_handle_t *)handle; }
static inline uv_stream_t *uvx_tcp_stream(uv_tcp_t *handle) { return (uv_stream_t *)handle; }
static inline uv_req_t *uvx_getaddrinfo_req(uv_getaddrinfo_t *request) { return (uv_req_t *)request; }

// A union's member of socket addresses: one object, three views, no aliasing through Swift pointers.
typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  struct sockaddr_storage storage;
} uvx_address_t;

static inline socklen_t uvx_address_length(const uvx_address_t *address) {
  return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

static inline const struct sockaddr *uvx_address(const uvx_address_t *address) { return &address->any; }

// False: not an address of the internet families.
static inline int uvx_address_copy(const struct sockaddr *from, uvx_address_t *into) {
  memset(into, 0, sizeof(*into));
  if (from->sa_family == AF_INET) memcpy(&into->v4, from, sizeof(into->v4));
  else if (from->sa_family == AF_INET6) memcpy(&into->v6, from, sizeof(into->v6));
  else return 0;
  return 1;
}

static inline int uvx_tcp_name(const uv_tcp_t *tcp, int of_peer, uvx_address_t *into) {
  int length = sizeof(*into);
  return of_peer ? uv_tcp_getpeername(tcp, &into->any, &length) : uv_tcp_getsockname(tcp, &into->any, &length);
}

static inline int uvx_socket_name(int fd, uvx_address_t *into) {
  socklen_t length = sizeof(*into);
  return getsockname(fd, &into->any, &length) == 0 ? 0 : -errno;
}

// Everything below answers 0 or a descriptor, or a negative errno, as libuv does.

// The error that the system holds for the socket, if any.
static inline int uvx_tcp_error(const uv_tcp_t *tcp) {
  int error = 0;
  socklen_t length = sizeof(error);
  uv_os_fd_t fd;
  int result = uv_fileno((const uv_handle_t *)tcp, &fd);
  if (result != 0) return result;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? -error : -errno;
}

#define UVX_SOCK_NONBLOCK 04000
#define UVX_SOCK_CLOEXEC 02000000

extern int accept4(int, struct sockaddr *, socklen_t *, int);

static inline int uvx_accept(int fd) {
  int accepted = accept4(fd, 0, 0, UVX_SOCK_NONBLOCK | UVX_SOCK_CLOEXEC);
  return accepted >= 0 ? accepted : -errno;
}

// As libuv does: SO_REUSEADDR, and an IPv6 wildcard takes IPv4 too.
static inline int uvx_listen(const uvx_address_t *address, int backlog) {
  int on = 1, off = 0;
  int fd = socket(address->any.sa_family, SOCK_STREAM | UVX_SOCK_NONBLOCK | UVX_SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0
      && (address->any.sa_family != AF_INET6
          || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0)
      && bind(fd, &address->any, uvx_address_length(address)) == 0 && listen(fd, backlog) == 0)
    return fd;
  int error = errno;
  close(fd);
  return -error;
}

#define UVX_IP_BIND_ADDRESS_NO_PORT 24

// A socket to connect with from `address`. Its port, if that is 0, is chosen when it connects, by both ends.
static inline int uvx_socket_from(const uvx_address_t *address) {
  int on = 1;
  int fd = socket(address->any.sa_family, SOCK_STREAM | UVX_SOCK_NONBLOCK | UVX_SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  (void)setsockopt(fd, IPPROTO_IP, UVX_IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
  if (bind(fd, &address->any, uvx_address_length(address)) == 0) return fd;
  int error = errno;
  close(fd);
  return -error;
}

static inline unsigned long long uvx_descriptor_limit(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

static inline int uvx_set_descriptor_limit(unsigned long long wanted) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -errno;
  limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? 0 : -errno;
}

static inline void uvx_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

#ifndef SCHED_BATCH  // Linux's, which glibc hides without _GNU_SOURCE
#define SCHED_BATCH 3
#endif

static inline void uvx_prefer_batches(void) {
  struct sched_param none = {0};
  if (sched_getscheduler(0) == SCHED_OTHER) sched_setscheduler(0, SCHED_BATCH, &none);
}

static inline void uvx_return_free_memory(void) { malloc_trim(0); }

static inline int uvx_ticker(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  return fd >= 0 ? fd : -errno;
}

static inline struct timespec uvx_time(uint64_t nanoseconds) {
  struct timespec time = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};
  return time;
}

// Zero as `first` stops it.
static inline int uvx_ticker_start(int fd, uint64_t first, uint64_t interval) {
  struct itimerspec times = {uvx_time(interval), uvx_time(first)};
  return timerfd_settime(fd, TFD_TIMER_ABSTIME, &times, 0) == 0 ? 0 : -errno;
}

// How often it has ticked since the last call.
static inline uint64_t uvx_ticker_take(int fd) {
  uint64_t count = 0;
  return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

static inline int uvx_lock(int fd) { return flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : -errno; }

#endif
