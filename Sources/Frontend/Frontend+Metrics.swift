import HTTP
import UV

extension Frontend {
  /// `/-/metrics`.
  func metricsText() -> [UInt8] {
    let report = backend.report
    var text = MetricsText()
    putRequests(&text)
    putConnections(&text)
    putServer(&text, report)
    putStore(&text, report)
    putPeers(&text, report.peers)
    for counter in report.counters {
      text.counter("kv_\(counter.name)_total", counter.help, counter.value)
    }
    putProcess(&text, report)
    return text.bytes
  }

  /// `counters` of `/-/status`.
  func counters() -> [(name: String, value: UInt64)] {
    var counters = RequestKind.allCases.map { (name: "requests.\($0.label)", value: metrics.replies($0)) }
    counters += [
      ("waiting", UInt64(requests.waiting)),
      ("connections", UInt64(connectionCount)),
      ("connections.accepted", metrics.connectionsAccepted),
      ("received.bytes", metrics.receivedBytes),
      ("sent.bytes", metrics.sentBytes),
    ]
    return counters
  }

  private func putRequests(_ text: inout MetricsText) {
    text.family("kv_requests_total", .counter, "Requests answered, by kind and HTTP status.")
    for kind in RequestKind.allCases {
      for status in Status.allCases {
        let count = metrics.replies(kind, status)
        guard count > 0 || status == .ok else { continue }
        text.sample(
          "kv_requests_total", labels: "kind=\"\(kind.label)\",status=\"\(status.rawValue)\"", "\(count)")
      }
    }
    text.histogram(
      "kv_request_duration_seconds", "From a request's arrival to its reply.", metrics.latency)
    text.gauge("kv_requests_waiting", "Requests without a reply.", requests.waiting)
    text.gauge(
      "kv_loop_lag_seconds", "How late the loop's last tick came.", seconds(nanoseconds: metrics.lag))
    text.gauge(
      "kv_loop_lag_max_seconds", "How late the loop's latest tick ever came.",
      seconds(nanoseconds: metrics.lagMax))
  }

  private func putConnections(_ text: inout MetricsText) {
    text.gauge("kv_connections", "Connections of clients that are open.", connectionCount)
    text.counter(
      "kv_connections_accepted_total", "Connections of clients accepted.", metrics.connectionsAccepted)
    text.counter(
      "kv_connections_upgraded_total", "Connections that turned out to be a peer's.",
      metrics.connectionsUpgraded)
    text.counter(
      "kv_connections_failed_total", "Connections that ended by an error.", metrics.connectionErrors)
    text.counter("kv_connections_idle_closed_total", "Connections closed as idle.", metrics.idleClosed)
    text.counter(
      "kv_connections_stalled_closed_total", "Connections closed as their client took no replies.",
      metrics.stalledClosed)
    text.counter("kv_descriptor_shortages_total", "Times that descriptors ran short.", metrics.shortages)
    text.counter("kv_received_bytes_total", "Bytes received from clients.", metrics.receivedBytes)
    text.counter("kv_sent_bytes_total", "Bytes sent to clients.", metrics.sentBytes)
  }

  private func putServer(_ text: inout MetricsText, _ report: ServerReport) {
    text.family("kv_build_info", .gauge, "Always 1; the version is the label.")
    text.sample("kv_build_info", labels: "version=\"\(escapedLabel(report.version))\"", "1")
    text.gauge("kv_linearizable", "1 while replies are linearizable.", report.isLinearizable ? 1 : 0)
    text.gauge("kv_loss_possible", "1 until a possible loss is acknowledged.", report.isLossPossible ? 1 : 0)
    text.family("kv_status", .gauge, "1 for the status that the server is in.")
    for state in ServerReport.State.allCases {
      text.sample("kv_status", labels: "status=\"\(state.rawValue)\"", state == report.state ? "1" : "0")
    }
    text.gauge("kv_epoch", "Number of the configuration's epoch.", "\(report.epoch)")
    text.gauge("kv_view", "Number of the view.", "\(report.view)")
    text.gauge("kv_op", "Number of the log's last op.", "\(report.op)")
    text.gauge("kv_commit", "Number of the last op that is committed.", "\(report.commit)")
  }

  private func putStore(_ text: inout MetricsText, _ report: ServerReport) {
    text.gauge("kv_store_keys", "Keys that have a value.", report.keys)
    text.gauge("kv_store_bytes", "Bytes of all keys and values.", report.bytes)
    text.gauge("kv_store_charged_bytes", "Bytes that the store's limit counts.", report.chargedBytes)
    text.gauge("kv_store_limit_bytes", "The store's limit.", report.storeLimit)
  }

  private func putPeers(_ text: inout MetricsText, _ peers: [ServerReport.Peer]) {
    guard !peers.isEmpty else { return }
    func put(
      _ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: (ServerReport.Peer) -> String
    ) {
      text.family(name, kind, help)
      for peer in peers { text.sample(name, labels: "peer=\"\(escapedLabel(peer.id))\"", value(peer)) }
    }
    put("kv_peer_up", .gauge, "1 while the link to the other server is up.") { $0.link == .up ? "1" : "0" }
    put("kv_peer_suspected", .gauge, "1 while the other server is suspected.") { $0.isSuspected ? "1" : "0" }
    put("kv_peer_silence_max_seconds", .gauge, "After how long a silence the other server is suspected.") {
      seconds(nanoseconds: $0.silenceMax * 1_000_000)
    }
    put("kv_peer_lag_ops", .gauge, "Ops that the other server is behind.") { "\($0.lag)" }
    put("kv_peer_sent_messages_total", .counter, "Messages sent to it.") { "\($0.sent.messages)" }
    put("kv_peer_sent_bytes_total", .counter, "Bytes sent to it.") { "\($0.sent.bytes)" }
    put("kv_peer_received_messages_total", .counter, "Messages from it.") { "\($0.received.messages)" }
    put("kv_peer_received_bytes_total", .counter, "Bytes from it.") { "\($0.received.bytes)" }
  }

  private func putProcess(_ text: inout MetricsText, _ report: ServerReport) {
    let figures = ProcessFigures.read()
    text.gauge("kv_process_resident_memory_bytes", "Resident memory.", figures.residentBytes)
    text.gauge("kv_process_open_fds", "Open file descriptors.", figures.openDescriptors)
    text.gauge("kv_process_max_fds", "How many there may be.", descriptorLimit())
    text.gauge("kv_process_threads", "Threads.", figures.threads)
    text.family("kv_process_cpu_seconds_total", .counter, "User and system time.")
    text.sample("kv_process_cpu_seconds_total", seconds(nanoseconds: figures.cpuNanoseconds))
    text.gauge(
      "kv_process_start_time_seconds", "When the process began, since 1970.",
      seconds(nanoseconds: startedAt * 1_000_000))
    let uptime = (max(Clock.wallMilliseconds, startedAt) - startedAt) * 1_000_000
    text.gauge("kv_process_uptime_seconds", "How long ago that is.", seconds(nanoseconds: uptime))
  }
}
