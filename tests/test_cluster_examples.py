"""The examples for Kubernetes and Slurm: what they run is a command of ours, and TF_CONFIG is what we read."""

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import yaml

from tfkgrec.training.workers import read_tf_config

EXAMPLES = Path(__file__).parents[1] / "examples"


def told(folder: Path, script: str, **environment: str) -> dict:
    """What a script of bash would run as `tfkgrec`: its arguments and its TF_CONFIG."""
    fakes = {
        "tfkgrec": 'printf "%s\\n" "$TF_CONFIG" "$@"',
        "srun": 'shift; exec "$@"',
        "scontrol": "printf 'node-1\\nnode-2\\nnode-3\\nnode-4\\n'",
    }
    for name, text in fakes.items():
        file = folder / name
        file.write_text(f"#!/usr/bin/env bash\n{text}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", script, "bash", "c.yaml", "runs/x"],
        env={**environment, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    config, *arguments = done.stdout.splitlines()
    return {"place": read_tf_config(config), "arguments": arguments, "config": json.loads(config)}


def test_kubernetes_starts_every_worker_at_once_under_its_name(tmp_path):
    service, job = yaml.safe_load_all((EXAMPLES / "kubernetes" / "train.yaml").read_text())
    spec = job["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert (service["kind"], service["spec"]["clusterIP"], job["kind"]) == ("Service", "None", "Job")
    assert service["spec"]["selector"].items() <= spec["template"]["metadata"]["labels"].items()
    assert pod["subdomain"] == service["metadata"]["name"] and pod["restartPolicy"] == "Never"
    variables = {one["name"]: one["value"] for one in container["env"]}
    assert spec["completionMode"] == "Indexed" and spec["completions"] == spec["parallelism"]
    assert int(variables["WORKERS"]) == spec["completions"] and variables["JOB"] == job["metadata"]["name"]
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
    found = told(tmp_path, container["args"][0], **variables, JOB_COMPLETION_INDEX="2")
    assert (found["place"].index, found["place"].count) == (2, 4)
    assert found["config"]["cluster"]["worker"][3] == "tfkgrec-train-3.tfkgrec-train:2222"
    assert found["arguments"][0] == "train" and found["arguments"][-2:] == ["--strategy", "multiworker"]
    assert {"--config", "--run-dir"} <= set(found["arguments"]) and "--resume" not in found["arguments"]


def test_slurm_starts_a_worker_on_every_node(tmp_path):
    script = (EXAMPLES / "slurm" / "train.sbatch").read_text()
    asked = dict(re.findall(r"^#SBATCH --([\w-]+)=(\S+)", script, re.M))
    assert (asked["nodes"], asked["ntasks-per-node"], asked["gpus-per-task"]) == ("4", "1", "1")
    found = told(tmp_path, script, SLURM_JOB_NODELIST="node-[1-4]", SLURM_JOB_ID="77", SLURM_PROCID="1")
    assert (found["place"].index, found["place"].count) == (1, 4)
    assert found["config"]["cluster"]["worker"] == [f"node-{n}:12077" for n in range(1, 5)]
    expected = ["train", "--config", "c.yaml", "--run-dir", "runs/x", "--strategy", "multiworker"]
    assert found["arguments"] == expected
