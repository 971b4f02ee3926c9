"""A weir-controller of its own in a namespace of its own, and its admin API in Python.

    python ── unix socket ── weir-controller ── TUN ctl<pid>, 10.90.0.1    (namespace ctl<pid>)
                                  └─ state directory: key, RocksDB

The messages come from proto/weir, compiled when the test starts.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BINARY = os.path.join(os.environ.get("WEIR_BIN", "build/release/bin"), "weir-controller")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

CONFIG = """\
mesh: lab
state_dir: {state}
store: {store}
tunnel: {{interface: {interface}, listen_port: 51820, public_endpoint: "192.0.2.1:51820"}}
admin: {{socket: {socket}}}
regions: [us-east-1, eu-west-1, ap-northeast-1]
services:
  - name: shop/web
    listen_port: 8080
    guards: {{residency: {{eu-west-1: [eu-west-1, us-east-1]}}}}
  - {{name: shop/pay, listen_port: 8081, guards: {{max_step: 0.2}}}}
"""


class Failure(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failure(what)


def wait_until(what, condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def compile_protos(directory):
    files = [os.path.join(folder, name)
             for folder, _, names in os.walk(os.path.join(ROOT, "proto/weir"))
             for name in names if name.endswith(".proto")]
    subprocess.run(["protoc", "-I", os.path.join(ROOT, "proto"), f"--python_out={directory}", *files],
                   check=True)
    sys.path.insert(0, directory)


class Lab:
    """Makes the namespace and the directory; removes both at the end, also when interrupted."""

    def __init__(self, store="rocksdb"):
        self.namespace = f"ctl{os.getpid()}"
        self.directory = tempfile.mkdtemp(prefix="weir-controller-")
        self.socket = os.path.join(self.directory, "admin.sock")
        self.config = os.path.join(self.directory, "controller.yaml")
        self.state = os.path.join(self.directory, "state")
        self.log = os.path.join(self.directory, "log")
        self.process = None
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(state=self.state, store=store, socket=self.socket,
                                     interface=self.namespace))

    def __enter__(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(1))
        compile_protos(self.directory)
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        subprocess.run(["ip", "-n", self.namespace, "link", "set", "lo", "up"], check=True)
        return self

    def __exit__(self, kind, error, trace):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind is not None and os.path.exists(self.log):
            with open(self.log, encoding="utf-8", errors="replace") as file:
                sys.stderr.write("".join(file.readlines()[-40:]))
        subprocess.run(["ip", "netns", "del", self.namespace], check=False)
        shutil.rmtree(self.directory, ignore_errors=True)
        uapi = f"/var/run/wireguard/{self.namespace}.sock"  # a killed tunnel leaves it
        if os.path.exists(uapi):
            os.remove(uapi)

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, BINARY, "run", "--config", self.config],
                stdout=log, stderr=log)
        return Admin(self)

    def kill(self):
        """SIGKILL: no chance to write anything more. `ip netns exec` has become the controller."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(timeout=15) == 0, "SIGTERM did not end the controller with status 0")


class Admin:
    """weir.admin.v1.Admin: admin.call("ListTokens", field=value, ...)."""

    def __init__(self, lab):
        import grpc
        from weir.admin.v1 import admin_pb2
        # A killed controller leaves its socket file: gRPC would back off for seconds on it.
        wait_until("the admin socket accepts", lambda: self._accepts(lab), 20)
        self.messages = admin_pb2
        self.errors = grpc.RpcError
        self.channel = grpc.insecure_channel("unix:" + lab.socket,
                                             options=[("grpc.use_local_subchannel_pool", 1)])
        service = admin_pb2.DESCRIPTOR.services_by_name["Admin"]
        self.calls = {}
        for method in service.methods:
            connect = (self.channel.unary_stream if method.name.startswith("Watch")
                       else self.channel.unary_unary)
            self.calls[method.name] = (
                connect(f"/weir.admin.v1.Admin/{method.name}",
                        request_serializer=lambda message: message.SerializeToString(),
                        response_deserializer=self._class(method.output_type).FromString),
                self._class(method.input_type))
        wait_until("the admin API answers", lambda: self.fails("GetStatus") is None, 10)

    @staticmethod
    def _accepts(lab):
        check(lab.process.poll() is None, "the controller ended while it was starting")
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(lab.socket)
                return True
            except OSError:
                return False

    @staticmethod
    def _class(descriptor):
        from google.protobuf import symbol_database
        return symbol_database.Default().GetPrototype(descriptor)

    def call(self, name, timeout=5, **fields):
        method, request = self.calls[name]
        return method(request(**fields), timeout=timeout)

    def fails(self, name, **fields):
        """The status code's name and message of a call that fails; None when it succeeds."""
        try:
            self.call(name, **fields)
            return None
        except self.errors as error:
            return error.code().name, error.details()

    def weights(self, **shares):
        from weir.policy.v1 import revision_pb2
        return [revision_pb2.Weight(region=region.replace("_", "-"), weight=weight)
                for region, weight in shares.items()]

    def close(self):
        self.channel.close()
