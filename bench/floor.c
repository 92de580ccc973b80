// The floor: the least that a server on libuv can do for a request. One loop, one read, one write of a fixed
// reply; nothing is parsed, nothing allocated a request. Usage: floor PORT
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { buffer_size = 65536, backlog = 1024, first_port = 1, last_port = 65535 };

typedef struct {
  uv_tcp_t handle; // first: a handle's address is its connection's
  uv_write_t write;
} connection_t;

static char input[buffer_size];
static char reply[] =
  "HTTP/1.1 200 OK\r\n"
  "Content-Length: 39\r\n"
  "Content-Type: text/plain\r\n"
  "Cache-Control: no-store\r\n"
  "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
  "ETag: \"0123456789abcdef-12345\"\r\n"
  "\r\n"
  "key00001234=value-of-twenty-and-ten-000";

static void on_close(uv_handle_t *handle) { free(handle); }

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)handle;
  (void)suggested;
  *buffer = uv_buf_init(input, sizeof input);
}

static void on_write(uv_write_t *write, int status) {
  if (status < 0 && !uv_is_closing((uv_handle_t *)write->handle)) uv_close((uv_handle_t *)write->handle, on_close);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
  (void)buffer;
  if (count == 0) return;
  if (count < 0) {
    uv_close((uv_handle_t *)stream, on_close);
    return;
  }
  connection_t *connection = (connection_t *)stream;
  uv_buf_t output = uv_buf_init(reply, sizeof reply - 1);
  if (uv_write(&connection->write, stream, &output, 1, on_write) < 0) uv_close((uv_handle_t *)stream, on_close);
}

static void on_connection(uv_stream_t *listener, int status) {
  if (status < 0) return;
  connection_t *connection = malloc(sizeof *connection);
  if (connection == NULL) abort();
  uv_tcp_init(listener->loop, &connection->handle);
  if (uv_accept(listener, (uv_stream_t *)&connection->handle) < 0) {
    uv_close((uv_handle_t *)&connection->handle, on_close);
    return;
  }
  uv_tcp_nodelay(&connection->handle, 1);
  uv_read_start((uv_stream_t *)&connection->handle, on_alloc, on_read);
}

int main(int count, char **arguments) {
  int port = count == 2 ? atoi(arguments[1]) : 0;
  if (port < first_port || port > last_port) {
    fprintf(stderr, "usage: floor PORT\n");
    return 2;
  }
  struct sockaddr_in address;
  uv_tcp_t listener;
  uv_ip4_addr("127.0.0.1", port, &address);
  uv_tcp_init(uv_default_loop(), &listener);
  int error = uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0);
  if (error == 0) error = uv_listen((uv_stream_t *)&listener, backlog, on_connection);
  if (error != 0) {
    fprintf(stderr, "ERROR: %s\n", uv_strerror(error));
    return 1;
  }
  return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
