#include "controller/app/controller_metrics.h"

#include <array>
#include <chrono>
#include <string>

#include "common/obs/process_metrics.h"
#include "common/tunnel_kernel/tunnel_metrics.h"
#include "controller/app/service_metrics.h"

namespace weir::controller {
namespace {

using Labels = MetricWriter::Labels;

double number(std::uint64_t count) { return static_cast<double>(count); }

void write_agents(ControlPlane& plane, MetricWriter& writer) {
  const Time now = plane.clock().now();
  for (const AgentRecord& agent : plane.agents()) {
    const Labels labels = {{"agent", agent.id.value()}, {"region", agent.region.value()}};
    const bool connected = plane.sessions().find(agent.id) != nullptr;
    writer.gauge("weir_agent_connected", "1 while an agent has a session.", connected ? 1 : 0,
                 labels);
    const auto revision = plane.publisher().revision_for(agent.id);
    const AgentAck ack = plane.acks().of(agent.id);
    const bool synced =
        connected && revision != nullptr &&
        ack.acked == RevisionId{.epoch = revision->epoch(), .generation = revision->generation()};
    writer.gauge("weir_agent_synced", "1 while an agent has the newest revision in force.",
                 synced ? 1 : 0, labels);
    writer.gauge("weir_agent_revision_refused", "1 while an agent refuses a revision it was sent.",
                 ack.refusal.empty() ? 0 : 1, labels);
    if (const auto age = plane.telemetry().report_age(agent.id, now)) {
      writer.gauge("weir_agent_report_age_seconds",
                   "Time since an agent's last report; missing before the first.",
                   std::chrono::duration<double>(*age).count(), labels);
    }
  }
}

void write_doors(ControlPlane& plane, MetricWriter& writer) {
  writer.counter("weir_agent_sessions_cut_total", "Sessions ended by the controller.",
                 number(plane.sessions().cut()));
  writer.counter("weir_agent_reports_refused_total", "Reports that broke a rule.",
                 number(plane.telemetry().refused_reports()));
  writer.counter("weir_agent_reports_held_back_total", "Reports and events beyond their rate.",
                 number(plane.telemetry().held_back()));
  writer.counter("weir_enrolments_refused_total", "Enrolments and late renewals refused.",
                 number(plane.enrolments_refused()));
  writer.gauge("weir_certificate_expires_timestamp_seconds",
               "When a certificate ends, in Unix time.",
               static_cast<double>(plane.enroller().ca_certificate().not_after_unix_ms()) / 1000,
               {{"certificate", "ca"}});
}

void write_web(const WebServer::Counters& web, MetricWriter& writer) {
  for (const auto& [what, count] : web.requests) {
    writer.counter("weir_web_requests_total", "Requests answered at the dashboard's door.",
                   number(count), {{"kind", what.first}, {"code", std::to_string(what.second)}});
  }
  writer.counter("weir_web_sent_bytes_total",
                 "Bytes of answers and live streams, before encryption.", number(web.sent_bytes));
  writer.counter("weir_web_connections_refused_total", "Connections beyond what the door holds.",
                 number(web.refused_connections));
  writer.gauge("weir_web_connections", "Browsers' connections.", number(web.connections));
  writer.gauge("weir_web_streams", "Browsers that follow live.", number(web.streams));
  writer.gauge("weir_web_sign_ins", "Browsers that are signed in.", number(web.sign_ins));
}

void write_series(const SeriesLoop::Counters& series, MetricWriter& writer) {
  writer.gauge("weir_series", "Series of traffic, paths and servers that are kept over time.",
               number(series.series));
  writer.counter("weir_series_left_out_total",
                 "Seconds of series there were already too many of to keep.",
                 number(series.left_out));
  writer.counter("weir_series_written_bytes_total", "Bytes of kept series written to the store.",
                 number(series.written_bytes));
}

void write_traces(const TraceExporter::Counters& traces, MetricWriter& writer) {
  writer.counter("weir_trace_spans_sent_total", "Spans that the trace collector took.",
                 number(traces.sent));
  writer.counter("weir_trace_spans_dropped_total", "Spans for which there was no room to wait.",
                 number(traces.dropped));
  writer.counter("weir_trace_spans_failed_total", "Spans that the trace collector refused.",
                 number(traces.failed));
  writer.gauge("weir_trace_spans_waiting", "Spans that wait for the trace collector.",
               number(traces.waiting));
}

void write_revision(ControlPlane& plane, MetricWriter& writer) {
  const RevisionId& id = plane.publisher().state().id;
  writer.gauge("weir_revision_epoch", "Epoch of the revision in force, or published.",
               number(id.epoch));
  writer.gauge("weir_revision_generation", "Generation of the revision in force, or published.",
               number(id.generation));
  writer.gauge("weir_revision_published_timestamp_seconds",
               "When the newest revision was published, in Unix time.",
               static_cast<double>(plane.last_publish_unix_ms()) / 1000);
  for (const RolloutStage stage :
       {RolloutStage::none, RolloutStage::shadow, RolloutStage::canary, RolloutStage::everywhere,
        RolloutStage::settled, RolloutStage::withdrawn}) {
    writer.gauge("weir_rollout_stage", "1 at the stage a trained checkpoint's rollout is in.",
                 plane.steering().rollout().stage() == stage ? 1 : 0,
                 {{"stage", std::string(rollout_stage_name(stage))}});
  }
}

void write_store(const ControllerNumbers& numbers, MetricWriter& writer) {
  writer.gauge("weir_store_writable", "1 while the store takes writes.",
               numbers.plane.store_problem().empty() ? 1 : 0);
  const auto outcome = [&writer](const char* name, std::uint64_t count) {
    writer.counter("weir_store_commits_total", "Transactions, by what became of them.",
                   number(count), {{"outcome", name}});
  };
  outcome("committed", numbers.store.committed);
  outcome("conflict", numbers.store.conflicts);
  outcome("refused", numbers.store.refused);
  outcome("failed", numbers.store.failed);
  writer.histogram("weir_store_commit_duration_seconds",
                   "Time until a transaction was on the disk.", numbers.store.duration);
}

}  // namespace

void write_controller_metrics(const ControllerNumbers& numbers, MetricWriter& writer) {
  write_build("controller", numbers.plane.version(), writer);
  write_agents(numbers.plane, writer);
  write_doors(numbers.plane, writer);
  if (numbers.web) write_web(*numbers.web, writer);
  write_series(numbers.series, writer);
  write_traces(numbers.traces, writer);
  write_revision(numbers.plane, writer);
  write_store(numbers, writer);
  write_service_metrics(numbers.plane, writer);
  write_tunnel_metrics(numbers.tunnel, numbers.tunnel_backend, writer);
  write_loops(numbers.lags, writer);
  write_process(writer);
}

}  // namespace weir::controller
