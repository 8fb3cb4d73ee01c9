"""Jobs as real processes: what they see, what becomes of their data, and how they end."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.emulator.execution.marked_processes import gone
from tests.emulator.service import Service, walk
from tests.emulator_fixture import RunningEmulator, Start


class TestWalk:
    """Statuses."""

    def test_a_trivial_job_completes(self, service: Service, name: str) -> None:
        answer = service.submit(name, "true")
        assert answer.status == 201
        assert answer.body["properties"]["status"] == "Starting"
        assert service.wait(name)["status"] == "Completed"

    def test_the_journal_tells_the_jobs_of_an_experiment(self, service: Service, name: str) -> None:
        for job in (name, f"{name}-other"):
            service.run(job, "true", experimentName=f"experiment-{job}")
        assert [row["name"] for row in service.emulator.jobs(f"experiment-{name}")] == [name]
        assert service.emulator.jobs(f"experiment-{name}-2") == []
        assert {name, f"{name}-other"} <= {row["name"] for row in service.emulator.jobs()}

    def test_its_states_last_as_long_as_start_was_told(self, start_emulator: Start) -> None:
        emulator = start_emulator("--pace", "0.8")
        assert Service(emulator).run("slow", "true")["status"] == "Completed"
        since = dict(walk(emulator, "slow"))
        assert (since["Running"] - since["Starting"]).total_seconds() >= 0.8
        assert (since["Completed"] - since["Finalizing"]).total_seconds() >= 0.8

    def test_statuses_come_in_the_service_s_order(self, service: Service, name: str) -> None:
        assert service.run(name, "true")["status"] == "Completed"
        words = ["NotStarted", "Starting", "Preparing", "Queued", "Running", "Finalizing", "Completed"]
        assert service.statuses(name) == words

    def test_a_failing_command_tells_its_exit_code_in_run_history(self, service: Service, name: str) -> None:
        job = service.run(name, "echo before; exit 3")
        assert job["status"] == "Failed"
        assert "error" not in job
        error = service.details(name)["error"]["error"]
        assert error["code"] == "UserError"
        assert "Submitted script failed with a non-zero exit code" in error["message"]
        assert "3" in error["message"]
        assert service.printed(name) == "before\n"

    def test_a_job_longer_than_its_timeout_is_canceled(self, service: Service, name: str) -> None:
        job = service.run(name, f"exec -a {name} sleep 100", limits={"jobLimitsType": "Command", "timeout": "PT1S"})
        assert job["status"] == "Canceled"
        assert "PT1S" in service.history("GET", f"runs/{name}").body["cancelationReason"]
        assert gone(name)

    def test_not_responding_is_no_end(self, emulator: RunningEmulator, service: Service, name: str) -> None:
        emulator.fault("not_responding", route=name, delay=0.5)
        assert service.run(name, "true")["status"] == "Completed"
        words = ["Queued", "Running", "NotResponding", "Running", "Finalizing", "Completed"]
        assert service.statuses(name)[-6:] == words


class TestWhatAJobSees:
    """Code, variables, bindings, inputs."""

    def test_it_runs_in_a_writable_copy_of_its_code(self, service: Service, name: str) -> None:
        main = b"print(open('sub/a.txt').read()); open('main.py', 'w')"
        code = service.code({"main.py": main, "sub/a.txt": b"hello"})
        for number in (1, 2):
            assert service.run(f"{name}-{number}", "python main.py", codeId=code)["status"] == "Completed"
            assert service.printed(f"{name}-{number}") == "hello\n"

    def test_it_sees_the_service_s_variables_and_nothing_of_the_emulator_s(
        self, service: Service, name: str, emulator: RunningEmulator
    ) -> None:
        variables = {"MINE": "1", "AZUREML_NODE_COUNT": "overridden"}
        service.run(name, "env", environmentVariables=variables, experimentName="exp", resources={"instanceCount": 2})
        rows = dict(line.split("=", 1) for line in service.printed(name).splitlines() if "=" in line)
        assert rows["AZUREML_RUN_ID"] == rows["MLFLOW_RUN_ID"] == name
        assert rows["AZUREML_ARM_PROJECT_NAME"] == rows["MLFLOW_EXPERIMENT_NAME"] == "exp"
        assert rows["AZUREML_ARM_WORKSPACE_NAME"] == emulator["workspace_name"]
        assert rows["AZUREML_CR_NODE_RANK"] == "0"
        assert (rows["MINE"], rows["AZUREML_NODE_COUNT"]) == ("1", "overridden")
        assert rows["MLFLOW_DISABLE_TELEMETRY"] == "true"
        foreign = {key for key in rows if key.startswith(("AIRFLOW", "AZURE_", "PYTEST", "VIRTUAL_ENV"))}
        assert not foreign
        assert rows["HOME"] != os.environ.get("HOME")

    def test_bindings_become_values_and_paths(self, service: Service, name: str) -> None:
        file = service.upload(f"{name}/a b.csv", b"x,y\n")
        inputs = {
            "text": {"jobInputType": "literal", "value": "a'b"},
            "file": {"jobInputType": "uri_file", "uri": file},
            "folder": {"jobInputType": "uri_folder", "uri": file.rpartition("/")[0] + "/"},
        }
        outputs = {"out": {"jobOutputType": "uri_folder"}, "one": {"jobOutputType": "uri_file"}}
        command = (
            'echo "${{inputs.text}}" $[[--gone ${{inputs.missing}}]] $[[--kept]] | tr -d "\'"; '
            'cat "${{ inputs.file }}"; ls "${{inputs.folder}}"; test "${{inputs.file}}" = "$AZURE_ML_INPUT_file"; '
            'test -z "$(ls ${{outputs.out}})" && cp "$AZURE_ML_INPUT_FILE" ${{outputs.out}}; '
            "echo 1 > $AZURE_ML_OUTPUT_ONE"
        )
        answer = service.submit(name, command, inputs=inputs, outputs=outputs)
        assert answer.status == 201, answer.content
        assert service.wait(name)["status"] == "Completed", service.log(name)
        assert service.printed(name) == "ab --kept\nx,y\na b.csv\n"
        found = service.outputs(name)
        assert found["out"]["type"] == "UriFolder"
        assert found["out"]["uri"].endswith(f"/datastores/workspaceblobstore/paths/azureml/{name}/out/")
        assert service.read(found["out"]["uri"] + "a b.csv") == b"x,y\n"
        assert found["one"]["type"] == "UriFile"
        assert service.read(found["one"]["uri"]) == b"1\n"

    @pytest.mark.parametrize("mode", ["ReadOnlyMount", "Download"])
    def test_a_script_cannot_change_the_data_that_it_reads(self, service: Service, name: str, mode: str) -> None:
        uri = service.upload(f"{name}/d/a.txt", b"kept")
        inputs = {"d": {"jobInputType": "uri_folder", "mode": mode, "uri": uri.rpartition("/")[0]}}
        command = "cat ${{inputs.d}}/a.txt; echo bad > ${{inputs.d}}/a.txt; rm -rf ${{inputs.d}}; true"
        service.run(name, command, inputs=inputs)
        assert service.printed(name).startswith("kept")
        assert service.read(uri) == b"kept"

    def test_a_writable_mount_changes_the_data(self, service: Service, name: str) -> None:
        uri = service.upload(f"{name}/d/a.txt", b"old")
        inputs = {"d": {"jobInputType": "uri_folder", "mode": "ReadWriteMount", "uri": uri.rpartition("/")[0]}}
        assert service.run(name, "printf new > ${{inputs.d}}/a.txt", inputs=inputs)["status"] == "Completed"
        assert service.read(uri) == b"new"

    def test_direct_inputs_stay_addresses(self, service: Service, name: str) -> None:
        uri = "azureml://datastores/workspaceblobstore/paths/x"
        inputs = {"d": {"jobInputType": "uri_file", "mode": "Direct", "uri": uri}}
        service.run(name, "echo ${{inputs.d}}", inputs=inputs)
        assert service.log(name).strip().endswith("/datastores/workspaceblobstore/paths/x")

    @pytest.mark.parametrize(
        ("uri", "said"),
        [
            ("azureml://datastores/workspaceblobstore/paths/nothing/here.csv", "nothing/here.csv"),
            ("azureml://datastores/nostore/paths/a", "nostore"),
            ("azureml://jobs/no-such-job/outputs/o/paths/a", "no-such-job"),
            ("wasbs://c@acct.blob.core.windows.net/a", "wasbs://"),
        ],
    )
    def test_missing_data_fails_the_job_and_says_which(self, service: Service, name: str, uri: str, said: str) -> None:
        job = service.run(name, "true", inputs={"d": {"jobInputType": "uri_file", "uri": uri}})
        assert job["status"] == "Failed"
        message = service.details(name)["error"]["error"]["message"]
        assert message.startswith("inputs.d: ")
        assert said in message

    def test_an_output_of_a_job_is_an_input_of_the_next(self, service: Service, name: str) -> None:
        outputs = {"o": {"jobOutputType": "uri_folder"}}
        service.run(name, "echo 1 > ${{outputs.o}}/f; mkdir -p outputs; echo 2 > outputs/g", outputs=outputs)
        named = {"jobInputType": "uri_file", "uri": f"azureml://jobs/{name}/outputs/o/paths/f"}
        artifact = {"jobInputType": "uri_file", "uri": f"azureml://jobs/{name}/outputs/artifacts/paths/outputs/g"}
        long = {"jobInputType": "uri_folder", "uri": service.outputs(name)["o"]["uri"]}
        asset = {"jobInputType": "uri_folder", "uri": service.outputs(name)["o"]["assetId"]}
        inputs = {"a": named, "b": artifact, "c": long, "d": asset}
        job = service.run(f"{name}-2", "cat ${{inputs.a}} ${{inputs.b}} ${{inputs.c}}/f ${{inputs.d}}/f", inputs=inputs)
        assert job["status"] == "Completed", service.details(f"{name}-2")["error"]
        assert service.printed(f"{name}-2") == "1\n2\n1\n1\n"

    def test_it_runs_under_the_interpreter_of_its_environment(self, start_emulator: Start, tmp_path: Path) -> None:
        fake = tmp_path / "fake" / "python"
        fake.parent.mkdir()
        fake.write_text("#!/bin/sh\necho mapped\n")
        fake.chmod(0o755)
        service = Service(start_emulator("--environment", f"special={fake}"))
        body = {"properties": {"image": "i", "condaFile": "dependencies: [nosuchpackage==1]"}}
        assert service.put("environments/special/versions/2", body).status == 201
        identity = service.get("environments/special/versions/2").body["id"]
        service.run("a", "python", environmentId=identity)
        assert service.log("a").endswith("mapped\n")
        service.run("b", "python -c 'print(1)'")
        assert service.printed("b") == "1\n"


class TestOutputs:
    """Where a job's files are found."""

    def test_outputs_and_logs_of_the_working_directory_become_artifacts(self, service: Service, name: str) -> None:
        command = "echo a > outputs/a.txt; mkdir -p logs/deep; echo b > logs/deep/b.txt; ln -s a.txt outputs/link"
        service.run(name, command)
        rows = service.history("GET", f"experiments/Default/runs/{name}/artifacts").body["value"]
        found = {row["path"] for row in rows}
        assert found == {"outputs/a.txt", "outputs/link", "logs/deep/b.txt", "user_logs/std_log.txt"}
        default = service.job(name)["outputs"]["default"]["uri"]
        assert default == f"azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.{name}"
        where = f"experiments/Default/runs/{name}/artifacts/contentinfo"
        info = service.history("GET", where, path="outputs/link").body
        assert service.signed(info["contentUri"]).content == b"a\n"

    @pytest.mark.parametrize("mode", ["Upload", "ReadWriteMount"])
    def test_outputs_go_to_the_address_asked_for(self, service: Service, name: str, mode: str) -> None:
        base = f"azureml://datastores/workspaceblobstore/paths/asked/{name}"
        outputs = {
            "o": {"jobOutputType": "uri_folder", "mode": mode, "uri": f"{base}/${{{{name}}}}"},
            "f": {"jobOutputType": "uri_file", "mode": mode, "uri": f"{base}/f.csv"},
        }
        job = service.run(name, "echo 1 > ${{outputs.o}}/x; echo 2 > ${{outputs.f}}", outputs=outputs)
        assert job["status"] == "Completed"
        assert job["outputs"]["f"]["uri"] == f"{base}/f.csv"
        assert service.read(f"{base}/{name}/x") == b"1\n"
        assert service.read(f"{base}/f.csv") == b"2\n"

    def test_named_outputs_become_assets(self, service: Service, name: str) -> None:
        outputs = {
            "d": {"jobOutputType": "uri_folder", "assetName": f"{name}-data"},
            "m": {"jobOutputType": "mlflow_model", "assetName": f"{name}-model", "assetVersion": "7"},
        }
        command = "echo 1 > ${{outputs.d}}/x; printf 'flavors: {python_function: {env: c}}' > ${{outputs.m}}/MLmodel"
        assert service.run(name, command, outputs=outputs)["status"] == "Completed"
        found = service.outputs(name)
        assert found["d"]["assetId"].endswith(f"/data/{name}-data/versions/1")
        assert found["m"]["type"] == "MLFlowModel"
        model = service.get(f"models/{name}-model/versions/7").body["properties"]
        assert (model["modelType"], model["jobName"]) == ("mlflow_model", name)
        assert model["flavors"] == {"python_function": {"data": {"env": "c"}}}
        assert service.get(f"data/{name}-data").body["properties"]["latestVersion"] == "1"
        again = service.run(f"{name}-2", command, outputs=outputs)
        assert again["status"] == "Failed"
        assert f"{name}-model:7" in service.details(f"{name}-2")["error"]["error"]["message"]

    def test_an_output_without_an_address_stays_null_on_arm(self, service: Service, name: str) -> None:
        job = service.run(name, "true", outputs={"o": {"jobOutputType": "uri_folder"}})
        assert job["outputs"]["o"]["uri"] is None


class TestLog:
    """The log while a job runs."""

    def test_lines_arrive_while_the_job_runs(self, service: Service, name: str, tmp_path: Path) -> None:
        go = tmp_path / "go"
        program = f"print('first')\nimport os,time\nwhile not os.path.exists('{go}'): time.sleep(.02)"
        service.submit(name, f'python -c "{program}"')
        service.wait(name, "Running")
        deadline = time.monotonic() + 60
        while service.printed(name) != "first\n":
            assert time.monotonic() < deadline
        assert service.job(name)["status"] == "Running"
        go.touch()
        assert service.wait(name)["status"] == "Completed"

    def test_an_expired_log_address_is_refused(self, fresh_emulator: RunningEmulator) -> None:
        service = Service(fresh_emulator)
        service.run("e1", "echo hi")
        fresh_emulator.fault("expired_log_sas", times=1)
        url = service.details("e1")["logFiles"]["user_logs/std_log.txt"]
        assert service.signed(url).status == 403
        assert service.printed("e1") == "hi\n"


class TestQueue:
    """Room for jobs."""

    def test_a_cluster_runs_as_many_jobs_as_it_has_nodes(self, service: Service, name: str) -> None:
        size = {"minNodeCount": 0, "maxNodeCount": 1}
        compute = {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_D2", "scaleSettings": size}}
        cluster = f"c{name[-6:]}"
        answer = service.put(f"computes/{cluster}", {"location": "eastus", "properties": compute})
        assert answer.status == 201
        identity = answer.body["id"]
        service.submit(f"{name}-1", "sleep 100", computeId=identity)
        service.wait(f"{name}-1", "Running")
        service.submit(f"{name}-2", "true", computeId=identity)
        service.wait(f"{name}-2", "Queued")
        deadline = time.monotonic() + 60
        while not (info := service.history("GET", f"runs/{name}-2").body["queueingInfo"]):
            assert time.monotonic() < deadline
        assert cluster in info["message"]
        assert service.job(f"{name}-2")["status"] == "Queued"
        service.post(f"jobs/{name}-1/cancel")
        assert service.wait(f"{name}-2")["status"] == "Completed"
        assert service.history("GET", f"runs/{name}-2").body["queueingInfo"] is None
