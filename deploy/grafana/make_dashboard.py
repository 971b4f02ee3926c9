#!/usr/bin/env python3
"""Writes Weir's Grafana dashboard.

usage: make_dashboard.py            writes weir.json beside this file
       make_dashboard.py --check    exits 1 when weir.json is not what would be written
"""
import json
import sys
from pathlib import Path

FILE = Path(__file__).resolve().parent / "weir.json"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24

# What a series must be to be shown. A mesh label is the scrape configuration's; without one every mesh is all of them.
MESH = 'mesh=~"$mesh"'
FLOW = f'{MESH},service=~"$service",from=~"$region"'
SERVICE = f'{MESH},service=~"$service"'
PATH = f'{MESH},from=~"$region"'
AGENT = f'{MESH},region=~"$region"'
RATE = "[$__rate_interval]"


def share(part, whole):
    return f"sum(rate({part}{RATE})) / sum(rate({whole}{RATE}))"


def of_ours(expression):
    """What every process tells under one name, of Weir's alone and with which program it is."""
    return f"{expression} * on (job, instance) group_left (component) weir_build_info{{{MESH}}}"


def quantile(share_below, metric, by):
    return f"histogram_quantile({share_below}, sum by (le, {by}) (rate({metric}{RATE})))"


def mean_so_far(histogram):
    """By process, since its start; 0 where nothing happened yet."""
    return (f"sum by (instance) ({histogram}_sum{{{MESH}}})"
            f" / clamp_min(sum by (instance) ({histogram}_count{{{MESH}}}), 1)")


def stat(title, what, expression, unit="short", good="high", steps=()):
    """One number. `steps`: where it turns from the first colour to the second."""
    colours = ["red", "green"] if good == "high" else ["green", "red"]
    thresholds = [{"color": "text" if not steps else colours[0], "value": None}]
    thresholds += [{"color": colours[1], "value": value} for value in steps]
    return {"type": "stat", "title": title, "description": what, "width": 4, "height": 4,
            "targets": [(expression, "")],
            "defaults": {"unit": unit, "thresholds": {"mode": "absolute", "steps": thresholds}},
            "options": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area"}}


def lines(title, what, *targets, unit="short", top=None, width=8, stacked=False):
    """Lines over time; a target is (expression, legend)."""
    defaults = {"unit": unit, "min": 0, "custom": {"fillOpacity": 10, "showPoints": "never"}}
    if top is not None:
        defaults["max"] = top
    if stacked:
        defaults["custom"]["stacking"] = {"mode": "normal"}
    return {"type": "timeseries", "title": title, "description": what, "width": width, "height": 8,
            "targets": list(targets), "defaults": defaults,
            "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}}


def states(title, what, expression, legend, bad=0, width=8):
    """0 and 1 over time, as bars."""
    colours = {"0": "red" if bad == 0 else "green", "1": "green" if bad == 0 else "red"}
    texts = {value: {"color": colour, "index": int(value), "text": "bad" if colour == "red" else "good"}
             for value, colour in colours.items()}
    return {"type": "state-timeline", "title": title, "description": what, "width": width, "height": 8,
            "targets": [(expression, legend)],
            "defaults": {"unit": "short", "mappings": [{"type": "value", "options": texts}]},
            "options": {"showValue": "never", "mergeValues": True}}


def table(title, what, expression, width=8):
    return {"type": "table", "title": title, "description": what, "width": width, "height": 8,
            "targets": [(expression, "")], "defaults": {}, "options": {}, "instant": True,
            "transformations": [{"id": "organize", "options": {"excludeByName": {
                name: True for name in ("Time", "Value", "__name__", "instance", "job", "mesh")}}}]}


REQUESTS = f"weir_service_requests_total{{{FLOW}}}"
FAILED = f'weir_service_requests_total{{{FLOW},outcome!="ok"}}'
IN_TIME = f"weir_service_requests_in_objective_total{{{FLOW}}}"
DURATION = f"weir_service_request_duration_seconds_bucket{{{FLOW}}}"
RTT = "weir_path_rtt_seconds"

ROWS = [
    ("Overview", [
        stat("Agents away", "Agents without a session.",
             f"count(weir_agent_connected{{{AGENT}}}) - sum(weir_agent_connected{{{AGENT}}})", good="low", steps=[1]),
        stat("Paths down", "Paths between agents that carry nothing.",
             f"count(weir_path_up{{{PATH}}}) - sum(weir_path_up{{{PATH}}})", good="low", steps=[1]),
        stat("Requests", "Of all services, per second.", f"sum(rate({REQUESTS}{RATE}))", unit="reqps"),
        stat("In the objective", "Share of the requests answered well and in time.", share(IN_TIME, REQUESTS),
             unit="percentunit", steps=[0.99]),
        stat("Failed", "Share of the requests that ended in an error or a timeout.", share(FAILED, REQUESTS),
             unit="percentunit", good="low", steps=[0.01]),
        stat("Failovers", "Destinations that failed and are not back at their whole weight.",
             f"sum(weir_failover_active{{{FLOW}}})", good="low", steps=[1]),
    ]),
    ("Traffic and objectives", [
        lines("Requests by outcome", "Ended, per second.", (f"sum by (outcome) (rate({REQUESTS}{RATE}))", "{{outcome}}"),
              unit="reqps", stacked=True),
        lines("In the objective by source", "Share of the requests answered well and in time, by where they start.",
              (f"sum by (service, from) (rate({IN_TIME}{RATE})) / sum by (service, from) (rate({REQUESTS}{RATE}))",
               "{{service}} from {{from}}"), unit="percentunit", top=1),
        lines("Request duration", "Of what was answered well, from the choice of a destination to the last byte.",
              (quantile(0.5, DURATION, "service"), "{{service}} p50"), (quantile(0.99, DURATION, "service"), "{{service}} p99"),
              unit="s"),
        lines("Requests by way", "From the region where they start to the one that answers.",
              (f"sum by (from, to) (rate({REQUESTS}{RATE}))", "{{from}} to {{to}}"), unit="reqps"),
        lines("Under way", "Requests in flight, by destination.",
              (f"sum by (service, to) (weir_service_requests_in_flight{{{FLOW}}})", "{{service}} to {{to}}")),
        lines("Sent elsewhere", "Requests tried again after a failure, and those the chosen destination had no room for.",
              (f"sum by (service) (rate(weir_service_retries_total{{{FLOW}}}{RATE}))", "{{service}} retried"),
              (f"sum by (service) (rate(weir_service_overflows_total{{{FLOW}}}{RATE}))", "{{service}} without room"), unit="reqps"),
        lines("Servers", "Those that pass their checks, and all.",
              (f"sum by (service, region) (weir_service_endpoints_healthy{{{SERVICE},region=~\"$region\"}})",
               "{{service}} in {{region}}, healthy"),
              (f"sum by (service, region) (weir_service_endpoints{{{SERVICE},region=~\"$region\"}})",
               "{{service}} in {{region}}, all")),
        states("Server health", "Each server's checks, as its agent sees them.",
               f"min by (service, endpoint) (weir_endpoint_healthy{{{SERVICE}}})", "{{service}} {{endpoint}}"),
        lines("Clients", "Connections clients opened, and what was refused or broke the rules of HTTP.",
              (f"sum by (outcome) (rate(weir_gateway_connections_total{{{MESH}}}{RATE}))", "{{outcome}}"),
              (f"sum(rate(weir_gateway_bad_requests_total{{{MESH}}}{RATE}))", "bad requests"), unit="ops"),
    ]),
    ("Weights", [
        lines("Published", "Shares by the weights the controller published.",
              (f"max by (service, from, to) (weir_service_weight_ratio{{{FLOW}}})", "{{service}} {{from}} to {{to}}"),
              unit="percentunit", top=1),
        lines("In effect", "Shares as agents use them: after failover, spill and ramps.",
              (f"max by (service, from, to) (weir_service_weight_effective_ratio{{{FLOW}}})", "{{service}} {{from}} to {{to}}"),
              unit="percentunit", top=1),
        lines("Seen", "Shares of the requests of the last 10 seconds.",
              (f"max by (service, from, to) (weir_service_weight_seen_ratio{{{FLOW}}})", "{{service}} {{from}} to {{to}}"),
              unit="percentunit", top=1),
        lines("Changes", "Published changes of weights in an interval.",
              (f"sum by (service) (increase(weir_weight_changes_total{{{SERVICE}}}{RATE}))", "{{service}}"), width=12),
        states("Pinned", "Where an operator's pin sets the weights.",
               f"max by (service, from) (weir_service_weights_pinned{{{FLOW}}})", "{{service}} from {{from}}", bad=1, width=12),
    ]),
    ("Paths", [
        states("Up", "Whether a region reaches another over any path.",
               f"max by (from, to) (weir_path_up{{{PATH}}})", "{{from}} to {{to}}"),
        lines("Round trip", "Mean through the tunnel.",
              (f"sum by (from, to) (rate({RTT}_sum{{{PATH}}}{RATE})) / sum by (from, to) (rate({RTT}_count{{{PATH}}}{RATE}))",
               "{{from}} to {{to}}"), unit="s"),
        lines("Round trip, p99", "On the histogram's ladder, so near the next of its bounds.",
              (quantile(0.99, f"{RTT}_bucket{{{PATH}}}", "from, to"), "{{from}} to {{to}}"), unit="s"),
        lines("Loss", "Share of the packets of the last 10 seconds without answer.",
              (f"max by (from, to) (weir_path_loss_ratio{{{PATH}}})", "{{from}} to {{to}}"), unit="percentunit"),
        lines("Jitter", "Mean change of the round trip from one packet to the next.",
              (f"max by (from, to) (weir_path_jitter_seconds{{{PATH}}})", "{{from}} to {{to}}"), unit="s"),
        lines("Handshakes", "Age of the last WireGuard handshake; about two minutes where there is traffic.",
              (f"max by (from_agent, to_agent) (weir_mesh_handshake_age_seconds{{{MESH}}})", "{{from_agent}} to {{to_agent}}"),
              unit="s"),
    ]),
    ("Failovers and policy", [
        states("Failed destinations", "Left, or not back at their whole weight yet.",
               f"max by (service, from, to) (weir_failover_active{{{FLOW}}})", "{{service}} {{from}} to {{to}}", bad=1),
        lines("Destinations left", "In an interval, by what failed.",
              (f"sum by (service, to, trigger) (increase(weir_failovers_total{{{FLOW}}}{RATE}))", "{{service}} {{to}}: {{trigger}}")),
        table("Who steers", "The policy that is asked, and its mode.", f"weir_policy_info{{{SERVICE}}}"),
        states("Panic", "Where no destination works and all that are permitted are tried.",
               f"max by (service, from) (weir_service_panic{{{FLOW}}})", "{{service}} from {{from}}", bad=1),
        lines("Time to fail over", "Mean since the start, of paths that went down: until it is seen, and until no request takes them.",
              (mean_so_far("weir_failover_detect_seconds"), "{{instance}} seen"),
              (mean_so_far("weir_failover_apply_seconds"), "{{instance}} applied"), unit="s"),
        lines("Decisions", "Of policies, per second, by what became of them.",
              (f"sum by (outcome) (rate(weir_decisions_total{{{SERVICE}}}{RATE}))", "{{outcome}}"), unit="ops", stacked=True),
        lines("Time to decide", "From the question to a policy's answer.",
              (quantile(0.5, f"weir_decision_duration_seconds_bucket{{{MESH}}}", "mesh"), "p50"),
              (quantile(0.99, f"weir_decision_duration_seconds_bucket{{{MESH}}}", "mesh"), "p99"), unit="s"),
        lines("Guards", "Wishes a guard changed, in an interval.",
              (f"sum by (rule) (increase(weir_guardrail_clamps_total{{{MESH}}}{RATE}))", "{{rule}}")),
        lines("Expected and seen", "Share in the objective as the policy expected it, and as it was.",
              (f"max by (service) (weir_policy_objective_expected_ratio{{{SERVICE}}})", "{{service}} expected"),
              (f"max by (service) (weir_policy_objective_seen_ratio{{{SERVICE}}})", "{{service}} seen"), unit="percentunit", top=1),
        lines("Rung", "0: the configured policy steers; above: it fell, and the next one does.",
              (f"max by (service) (weir_policy_rung{{{SERVICE}}})", "{{service}}")),
        states("Guards that cannot be kept", "Whatever the weights are.",
               f"max by (service, rule) (weir_guardrail_breached{{{SERVICE}}})", "{{service}} {{rule}}", bad=1),
    ]),
    ("Agents and controller", [
        states("Connected", "Agents with a session.", f"min by (agent) (weir_agent_connected{{{AGENT}}})", "{{agent}}"),
        states("In sync", "Agents with the newest revision in force.", f"min by (agent) (weir_agent_synced{{{AGENT}}})",
               "{{agent}}"),
        lines("Reports", "Age of each agent's last report.",
              (f"max by (agent) (weir_agent_report_age_seconds{{{AGENT}}})", "{{agent}}"), unit="s"),
        lines("Processor", "Seconds per second.", (of_ours(f"rate(process_cpu_seconds_total{RATE})"), "{{component}} {{instance}}")),
        lines("Memory", "Resident.", (of_ours("process_resident_memory_bytes"), "{{component}} {{instance}}"), unit="bytes"),
        lines("Descriptors", "Share of the file descriptors that may be open.",
              (of_ours("process_open_fds / process_max_fds"), "{{component}} {{instance}}"), unit="percentunit"),
        lines("Loops", "How long each loop took to answer.",
              (f"max by (instance, loop) (weir_loop_lag_seconds{{{MESH}}})", "{{instance}} {{loop}}"), unit="s"),
        lines("Store", "Transactions per second, by what became of them.",
              (f"sum by (outcome) (rate(weir_store_commits_total{{{MESH}}}{RATE}))", "{{outcome}}"), unit="ops"),
        lines("Commits", "Time until a transaction was on the disk.",
              (f"sum(rate(weir_store_commit_duration_seconds_sum{{{MESH}}}{RATE}))"
               f" / sum(rate(weir_store_commit_duration_seconds_count{{{MESH}}}{RATE}))", "mean"),
              (quantile(0.99, f"weir_store_commit_duration_seconds_bucket{{{MESH}}}", "mesh"), "p99"), unit="s"),
        lines("Kept over time", "Bytes per second of series of traffic, paths and servers written to the store.",
              (f"sum(rate(weir_series_written_bytes_total{{{MESH}}}{RATE}))", "written"), unit="Bps"),
        lines("Tunnel", "Packets per second.",
              (f"sum by (instance, direction) (rate(weir_tunnel_packets_total{{{MESH}}}{RATE}))", "{{instance}} {{direction}}"),
              unit="pps"),
        lines("Certificates", "Time until they end.",
              (f"min by (instance, certificate) (weir_certificate_expires_timestamp_seconds{{{MESH}}}) - time()",
               "{{instance}} {{certificate}}"), unit="s"),
        lines("Refused and left out", "Per second: what was refused, held back or dropped.",
              (f"sum(rate(weir_agent_reports_refused_total{{{MESH}}}{RATE}))", "reports refused"),
              (f"sum(rate(weir_agent_reports_held_back_total{{{MESH}}}{RATE}))", "reports beyond their rate"),
              (f"sum(rate(weir_enrolments_refused_total{{{MESH}}}{RATE}))", "enrolments refused"),
              (f"sum(rate(weir_path_packets_refused_total{{{MESH}}}{RATE}))", "measuring packets refused"),
              (f"sum(rate(weir_tunnel_packets_refused_total{{{MESH}}}{RATE}))", "tunnel packets refused"),
              (f"sum(rate(weir_tunnel_packets_without_room_total{{{MESH}}}{RATE}))", "tunnel packets without room"),
              (f"sum(rate(weir_metrics_series_dropped_total{{{MESH}}}{RATE}))", "lines of metrics left out"),
              (f"sum(rate(weir_series_left_out_total{{{MESH}}}{RATE}))", "seconds of series not kept"),
              (f"sum(rate(weir_web_connections_refused_total{{{MESH}}}{RATE}))", "browsers refused"),
              (f"sum(rate(weir_trace_spans_dropped_total{{{MESH}}}{RATE}))", "spans dropped"), unit="ops"),
    ]),
    ("Weir's own dashboard, and traces", [
        lines("Browsers", "Connections, those that follow live, and who is signed in.",
              (f"sum(weir_web_connections{{{MESH}}})", "connections"), (f"sum(weir_web_streams{{{MESH}}})", "live"),
              (f"sum(weir_web_sign_ins{{{MESH}}})", "signed in")),
        lines("Answers", "Requests answered per second, by kind and status.",
              (f"sum by (kind, code) (rate(weir_web_requests_total{{{MESH}}}{RATE}))", "{{kind}} {{code}}"), unit="reqps"),
        lines("Sent to browsers", "Bytes per second, before encryption.",
              (f"sum(rate(weir_web_sent_bytes_total{{{MESH}}}{RATE}))", "sent"), unit="Bps"),
        lines("Spans", "Per second: what the trace collector took and refused, and what found no room to wait.",
              (f"sum(rate(weir_trace_spans_sent_total{{{MESH}}}{RATE}))", "sent"),
              (f"sum(rate(weir_trace_spans_failed_total{{{MESH}}}{RATE}))", "refused"),
              (f"sum(rate(weir_trace_spans_dropped_total{{{MESH}}}{RATE}))", "dropped"), unit="ops", width=12),
        lines("Spans that wait", "For the trace collector.", (f"sum(weir_trace_spans_waiting{{{MESH}}})", "waiting"), width=12),
    ]),
]


def variable(name, label, metric):
    query = f"label_values({metric}, {name})"
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE, "definition": query,
            "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1, "multi": True, "includeAll": True,
            "allValue": ".*", "current": {"selected": True, "text": ["All"], "value": ["$__all"]}}


VARIABLES = [
    {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "current": {}},
    variable("mesh", "Mesh", "weir_build_info"),
    variable("service", "Service", f"weir_policy_info{{{MESH}}}"),
    variable("region", "Region", f"weir_agent_connected{{{MESH}}}"),
]


def placed(panel, number, x, y):
    """A panel as Grafana reads it."""
    made = {"id": number, "type": panel["type"], "title": panel["title"], "description": panel["description"],
            "datasource": SOURCE, "gridPos": {"x": x, "y": y, "w": panel["width"], "h": panel["height"]},
            "fieldConfig": {"defaults": panel["defaults"], "overrides": []}, "options": panel["options"],
            "targets": [{"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": expression, "legendFormat": legend,
                         **({"instant": True, "format": "table"} if panel.get("instant") else {})}
                        for i, (expression, legend) in enumerate(panel["targets"])]}
    if "transformations" in panel:
        made["transformations"] = panel["transformations"]
    return made


def dashboard():
    panels, y = [], 0
    for title, row in ROWS:
        panels.append({"id": len(panels) + 1, "type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}})
        x, y, height = 0, y + 1, 0
        for panel in row:
            if x + panel["width"] > WIDTH:
                x, y, height = 0, y + height, 0
            panels.append(placed(panel, len(panels) + 1, x, y))
            x, height = x + panel["width"], max(height, panel["height"])
        y += height
    return {"uid": "weir", "title": "Weir", "tags": ["weir"], "schemaVersion": 38, "version": 1, "editable": True,
            "refresh": "10s", "time": {"from": "now-30m", "to": "now"}, "timezone": "browser", "graphTooltip": 1,
            "templating": {"list": VARIABLES}, "annotations": {"list": []}, "links": [], "panels": panels}


def main(words):
    text = json.dumps(dashboard(), indent=1) + "\n"
    if words == ["--check"]:
        same = FILE.read_text() == text
        print(f"{FILE.name} is what the generator writes" if same else f"{FILE.name}: run make_dashboard.py")
        return 0 if same else 1
    if words:
        sys.stderr.write(__doc__)
        return 2
    FILE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
