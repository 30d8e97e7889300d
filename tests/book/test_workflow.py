"""The workflow that publishes the book is sound, and does by itself what a copy of the course needs."""

import shutil
import subprocess
import sys
from pathlib import Path

import yaml


def test_zizmor_finds_nothing(root):
    program = shutil.which("zizmor", path=str(Path(sys.executable).parent)) or shutil.which("zizmor")
    assert program, "zizmor is missing: run make install"
    command = [program, "--offline", "--no-progress", "--persona", "regular", str(root / ".github" / "workflows")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_jobs_build_check_and_publish(root):
    workflow = yaml.safe_load((root / ".github/workflows/book.yml").read_text("utf-8"))
    assert {"COURSE_REPOSITORY", "COURSE_SITE"} <= set(workflow["env"])
    commands = {job: "\n".join(step.get("run", "") for step in spec["steps"]) for job, spec in workflow["jobs"].items()}
    assert ".ci/run" in commands["build"]
    assert "site-zip pdf" in commands["build"]
    assert workflow["jobs"]["publish"]["needs"] == "build"
