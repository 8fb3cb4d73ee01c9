"""Files as people get them wrong: YAML that is none, words and units that are not taken, bindings that lead nowhere.

Both sides must refuse them, or send the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.oracle.judge import Case

COMMAND = "command: echo hi\nenvironment: azureml:e:1\n"
PIPELINE = """type: pipeline
inputs:
  rate: 1
settings:
  default_compute: azureml:c
jobs:
  a:
    command: echo ${{inputs.x}} ${{outputs.o}}
    environment: azureml:e:1
    inputs:
      x: ${{parent.inputs.rate}}
    outputs:
      o: {type: uri_folder}
  b:
    type: command
    component: ./comp.yml
    inputs:
      d: ${{parent.jobs.a.outputs.o}}
"""
SWEEP = """type: sweep
compute: azureml:c
trial:
  command: echo ${{inputs.x}} ${{search_space.lr}}
  environment: azureml:e:1
inputs: {x: 1}
sampling_algorithm: random
search_space:
  lr: {type: uniform, min_value: 0.1, max_value: 1}
objective: {primary_metric: acc, goal: maximize}
limits: {max_total_trials: 4}
"""
SPARK = """type: spark
code: ./src
entry: {file: main.py}
compute: azureml:c
conf: {spark.driver.cores: 1, spark.driver.memory: 2g, spark.executor.cores: 2, spark.executor.memory: 2g,
  spark.executor.instances: 2}
"""
AUTOML = """type: automl
task: classification
compute: azureml:c
primary_metric: accuracy
target_column_name: y
training_data: {type: mltable, path: azureml:d:1}
limits: {max_trials: 3, timeout_minutes: 60}
"""
COMPONENT = """$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
type: command
name: c
version: 1
command: echo ${{inputs.d}}
environment: azureml:e:1
inputs:
  d: {type: uri_folder}
"""

FILES = {
    "comp.yml": COMPONENT,
    "src/main.py": "1",
    "data/a.csv": "a",
    "conda.yml": "name: x\ndependencies: [python]\n",
    "badconda.yml": "name: x\n dependencies: [python\n",
    "badcomp.yml": COMPONENT.replace("command: echo", "comand: echo").replace("uri_folder", "uri_foldr"),
    "dupcomp.yml": COMPONENT + "name: d\n",
    "syncomp.yml": COMPONENT + " x\n",
    "pcomp.yml": (
        "type: pipeline\ninputs: {d: {type: uri_folder}}\njobs:\n  n:\n"
        "    component: ./badcomp.yml\n    inputs: {d: '${{parent.inputs.d}}'}\n"
    ),
    "circ1.yml": "type: pipeline\njobs:\n  n:\n    type: pipeline\n    component: ./circ2.yml\n",
    "circ2.yml": "type: pipeline\njobs:\n  n:\n    type: pipeline\n    component: ./circ1.yml\n",
    "empty_comp.yml": "",
    "list_comp.yml": "- 1\n",
    "env.yml": "image: x\nconda_file: ./badconda.yml\n",
}
"""Files that jobs name, good ones and broken ones."""

TEXTS = {
    "tab": COMMAND + "inputs:\n\ta: 1\n",
    "indent": "command: echo\n  environment: x\n",
    "indent2": COMMAND + "inputs:\n  a: 1\n   b: 2\n",
    "colon": "command: echo a: b\nenvironment: azureml:e:1\n",
    "nospace": "command:echo\nenvironment: azureml:e:1\n",
    "quote": COMMAND + 'description: "unclosed\n',
    "quote2": COMMAND + "description: 'it's'\n",
    "percent": "%TAG\n" + COMMAND,
    "at": COMMAND + "compute: @cpu\n",
    "backtick": COMMAND + "description: `x`\n",
    "star": COMMAND + "description: *x\n",
    "amp": COMMAND + "a: &x 1\nb: *y\n",
    "brace": "command: {{ cmd }}\nenvironment: azureml:e:1\n",
    "binding_unquoted": COMMAND + "inputs: {a: ${{parent.inputs.x}}}\n",
    "list": "- " + COMMAND.replace("\n", "\n  "),
    "two": COMMAND + "---\n" + COMMAND,
    "empty": "",
    "text": "hello\n",
    "date": "2024-01-01\n",
    "python": "command: !!python/object/apply:os.system [ls]\n",
    "customtag": COMMAND + "inputs: {a: !env X}\n",
    "binary": COMMAND + "inputs: {a: !!binary aGk=}\n",
    "set": COMMAND + "inputs: !!set {a, b}\n",
    "badint": COMMAND + "inputs: {a: !!int abc}\n",
    "badts": COMMAND + "inputs: {a: 2024-99-99}\n",
    "mergedup": "x: &x {a: 1}\n" + COMMAND + "inputs:\n  <<: *x\n  a: 1\n  a: 2\n",
    "mergetwice": COMMAND + "inputs:\n  <<: {a: 1}\n  <<: {b: 2}\n",
    "mergebad": COMMAND + "inputs:\n  <<: 3\n",
    "listkey": COMMAND + "inputs: {? [a, b] : 1}\n",
    "mapkey": COMMAND + "inputs: {? {a: b} : 1}\n",
    "nullkey": COMMAND + "inputs: {~: 1}\n",
    "intkey": COMMAND + "inputs: {1: 1}\ntags: {2: x}\nenvironment_variables: {3: x}\n",
    "onkey": COMMAND + "on: 1\n",
    "datekey": COMMAND + "tags: {2024-01-01: x}\n",
    "floatkey": COMMAND + "1.5: x\n",
    "ctrl": COMMAND + 'description: "a\x01b"\n',
    "nul": COMMAND + 'description: "a\x00b"\n',
    "self": "a: &a [*a]\n",
    "selfm": COMMAND + "inputs: &i {a: *i}\n",
    "jsonbroken": '{"command": "e",\n "environment": "azureml:e:1",\n "compute": }\n',
    "jsoncomma": '{"command": "e" "environment": "x"}',
}
"""What is wrong with a file as YAML."""

COMMANDS = {
    "typo_key": COMMAND.replace("environment", "enviroment") + "computee: c\n",
    "case_key": COMMAND + "Compute: azureml:c\n",
    "dash_key": COMMAND + "experiment-name: x\ndisplayName: y\n",
    "camel": COMMAND + "environmentVariables: {a: b}\nexperimentName: x\n",
    "missing_all": "type: command\n",
    "notype_trial": "trial: {command: e}\n",
    "type_typo": "type: comand\ncommand: e\nenvironment: azureml:e:1\n",
    "type_list": "type: [command]\n" + COMMAND,
    "type_null": "type:\n" + COMMAND,
    "type_batch": "type: batch\n" + COMMAND,
    "type_parallel": "type: parallel\n" + COMMAND,
    "inputs_list": COMMAND + "inputs:\n  - a: 1\n  - b: 2\n",
    "inputs_text": COMMAND + "inputs: azureml:d:1\n",
    "inputs_null": COMMAND + "inputs:\n",
    "outputs_list": COMMAND + "outputs: [o]\n",
    "input_null": COMMAND + "inputs:\n  a:\n",
    "input_list": COMMAND + "inputs: {a: [1,2,3]}\n",
    "input_map": COMMAND + "inputs: {a: {depth: [1,2], password: hunter2}}\n",
    "input_nopath": COMMAND + "inputs: {a: {type: uri_file}}\n",
    "input_typebad": COMMAND + "inputs: {a: {type: file, path: azureml:d:1}}\n",
    "input_modebad": COMMAND + "inputs: {a: {type: uri_folder, path: azureml:d:1, mode: ro_mnt}}\n",
    "input_pathnull": COMMAND + "inputs: {a: {type: uri_folder, path: }}\n",
    "input_pathnum": COMMAND + "inputs: {a: {type: uri_folder, path: 3}}\n",
    "input_missing": COMMAND + "inputs: {a: {type: uri_folder, path: ./nowhere}}\n",
    "input_refbad": COMMAND
    + (
        "inputs: {a: {type: uri_folder, path: azureml:d}, b: {type: uri_file, "
        'path: "azureml:d:1:2"}, c: {type: uri_file, path: "azureml:"}, '
        'd: {type: uri_file, path: "azureml:x@dev"}, e: {path: "azureml:x@"}, '
        'f: {path: "azureml://"}}\n'
    ),
    "input_unknown": COMMAND + "inputs: {a: {type: uri_folder, paht: azureml:d:1}}\n",
    "input_name": COMMAND + 'inputs: {a-b: 1, "c d": 2, 1x: 3, "": 4, é: 5}\n',
    "input_date": COMMAND + "inputs: {a: 2024-01-01}\n",
    "input_inf": COMMAND + "inputs: {a: .inf, b: .nan}\n",
    "input_value": COMMAND + "inputs: {a: {value: [1]}, b: {value: 1, x: 2}}\n",
    "input_valtype": COMMAND + "inputs: {a: {type: number, default: 3}, b: {type: string, value: x}}\n",
    "input_filefolder": COMMAND
    + (
        "inputs: {a: {type: uri_folder, path: data/a.csv}, b: {type: uri_file, "
        "path: data}, c: {type: mltable, path: data/a.csv}}\n"
    ),
    "out_type": COMMAND
    + (
        "outputs: {o: {type: uri_foldr}, p: {mode: download}, q: {version: 1}, "
        'r: {name: "a b"}, s: 3, t: text, u: {path: 3}, v: {tpye: x}, w: [1]}\n'
    ),
    "cmd_input": "command: echo ${{inputs.x}} ${{inputs.y}}\nenvironment: azureml:e:1\ninputs: {xx: 1}\n",
    "cmd_misspelt": (
        "command: echo ${{input.x}} ${inputs.x} ${{inputs.x} {{inputs.x}} ${{ inputs.x "
        "}} ${{Inputs.x}} $[[inputs.x]]\nenvironment: azureml:e:1\ninputs: {x: 1}\n"
    ),
    "cmd_list": "command: [python, a.py]\nenvironment: azureml:e:1\n",
    "cmd_null": "command:\nenvironment: azureml:e:1\n",
    "cmd_empty": 'command: ""\nenvironment: azureml:e:1\n',
    "cmd_bool": "command: true\nenvironment: azureml:e:1\n",
    "cmd_out": "command: echo ${{outputs.model}}\nenvironment: azureml:e:1\n",
    "env_nover": "command: e\nenvironment: azureml:sklearn\n",
    "env_noprefix": "command: e\nenvironment: sklearn\n",
    "env_label": "command: e\nenvironment: azureml:sklearn@dev\n",
    "env_null": "command: e\nenvironment:\n",
    "env_num": "command: e\nenvironment: 3\n",
    "env_list": "command: e\nenvironment: [a]\n",
    "env_empty": "command: e\nenvironment: {}\n",
    "env_both": "command: e\nenvironment: {image: x, build: {path: data}}\n",
    "env_conda": "command: e\nenvironment: {image: x, conda_file: nowhere.yml}\n",
    "env_condabad": "command: e\nenvironment: {image: x, conda_file: badconda.yml}\n",
    "env_condaonly": "command: e\nenvironment: {conda_file: conda.yml}\n",
    "env_typo": "command: e\nenvironment: {imge: x, condafile: conda.yml}\n",
    "env_build": "command: e\nenvironment: {build: {path: nowhere}}\n",
    "env_build2": "command: e\nenvironment: {build: ./data}\n",
    "env_image": "command: e\nenvironment: mcr.microsoft.com/azureml/base:1\n",
    "env_file": "command: e\nenvironment: file:env.yml\n",
    "env_path": "command: e\nenvironment: ./env.yml\n",
    "env_filemissing": "command: e\nenvironment: file:nowhere.yml\n",
    "env_imgnum": "command: e\nenvironment: {image: 3, os_type: mac}\n",
    "env_bool": "command: e\nenvironment: yes\n",
    "compute_space": COMMAND + "compute: my cluster\n",
    "compute_num": COMMAND + "compute: 3\n",
    "compute_map": COMMAND + "compute: {target: x}\n",
    "compute_empty": COMMAND + 'compute: ""\n',
    "compute_prefix": COMMAND + 'compute: "azureml:"\n',
    "compute_null": COMMAND + "compute:\n",
    "compute_path": COMMAND + "compute: a/b\n",
    "compute_ver": COMMAND + "compute: azureml:cpu:1\n",
    "compute_wrongid": COMMAND
    + (
        "compute: /subscriptions/s/resourceGroups/g/providers/"
        "Microsoft.MachineLearningServices/workspaces/w/environments/e/versions/1\n"
    ),
    "code_missing": COMMAND + "code: ./srcc\n",
    "code_null": COMMAND + "code:\n",
    "code_num": COMMAND + "code: 3\n",
    "code_git": COMMAND + "code: git+https://github.com/a/b\n",
    "code_map": COMMAND + "code: {path: src}\n",
    "code_list": COMMAND + "code: [src]\n",
    "code_abs": COMMAND + "code: /no/such/dir\n",
    "limits_unit": COMMAND + "limits: {timeout: 1h}\n",
    "limits_float": COMMAND + "limits: {timeout: 1.5}\n",
    "limits_neg": COMMAND + "limits: {timeout: -3}\n",
    "limits_num": COMMAND + "limits: 3600\n",
    "limits_iso": COMMAND + "limits: {timeout: PT1H}\n",
    "limits_typo": COMMAND + "limits: {timout: 3}\n",
    "limits_bool": COMMAND + "limits: {timeout: true}\n",
    "timeout_top": COMMAND + "timeout: 3600\n",
    "res_count": COMMAND + "resources: {instance_count: two}\n",
    "res_type": COMMAND + "resources: {instance_type: 3}\n",
    "res_typo": COMMAND + "resources: {instance_cnt: 2, intance_type: x}\n",
    "res_list": COMMAND + "resources: [a]\n",
    "res_shm": COMMAND + "resources: {shm_size: 2 GB}\n",
    "res_shm2": COMMAND + "resources: {shm_size: 2}\n",
    "res_docker": COMMAND + "resources: {docker_args: {a: b}}\n",
    "res_float": COMMAND + "resources: {instance_count: 1.5}\n",
    "res_loc": COMMAND + "resources: {locations: westus}\n",
    "res_bool": COMMAND + "resources: {instance_count: yes}\n",
    "dist_type": COMMAND + "distribution: {type: pytroch}\n",
    "dist_notype": COMMAND + "distribution: {process_count_per_instance: 1}\n",
    "dist_text": COMMAND + "distribution: pytorch\n",
    "dist_typo": COMMAND + "distribution: {type: pytorch, process_count: 2}\n",
    "dist_count": COMMAND + "distribution: {type: mpi, process_count_per_instance: x}\n",
    "dist_list": COMMAND + "distribution: {type: [mpi]}\n",
    "ident_text": COMMAND + "identity: managed\n",
    "ident_typo": COMMAND + "identity: {type: manged}\n",
    "ident_key": COMMAND + "identity: {type: managed, clientid: x}\n",
    "tags_num": COMMAND + "tags: {a: 1, b: true, c: 1.5, d: [1], e: {f: g}, g: 2024-01-01}\n",
    "tags_text": COMMAND + "tags: a=b\n",
    "env_vars": COMMAND + "environment_variables: {A: 1, B: true, C: , D: [1], E: {x: y}}\n",
    "env_vars_list": COMMAND + "environment_variables: [A=1]\n",
    "svc": COMMAND
    + (
        "services: {a: {type: sshh}, b: {type: jupyterlab}, c: 3, d: {type: ssh, "
        "ssh_public_keys: 3}, e: {type: vs_code, prot: 3}, f: {type: custom, "
        "nodes: some, port: x}}\n"
    ),
    "queue": COMMAND + "queue_settings: {job_tier: gold, priority: urgent}\n",
    "desc_num": COMMAND + "description: 3\ndisplay_name: 4\nexperiment_name: true\nname: 5\n",
    "schema": COMMAND + "$schema: 3\n",
    "notify": COMMAND + "notification_setting: {email_on: [x]}\n",
}
"""What is wrong with a command."""

PIPELINES = {
    "p_inp": PIPELINE.replace("parent.inputs.rate", "parent.inputs.rat"),
    "p_node": PIPELINE.replace("jobs.a.outputs", "jobs.aa.outputs"),
    "p_out": PIPELINE.replace("a.outputs.o}", "a.outputs.q}"),
    "p_noparent": PIPELINE.replace("parent.inputs.rate", "inputs.rate"),
    "p_typo1": PIPELINE.replace("parent.", "parnt."),
    "p_typo2": PIPELINE.replace("${{parent.inputs.rate}}", "${{parent.input.rate}}"),
    "p_typo3": PIPELINE.replace("${{parent.inputs.rate}}", "${parent.inputs.rate}"),
    "p_typo4": PIPELINE.replace("${{parent.inputs.rate}}", '"{{parent.inputs.rate}}"'),
    "p_typo5": PIPELINE.replace("${{parent.inputs.rate}}", "${{parent.inputs.rate}"),
    "p_typo6": PIPELINE.replace("${{parent.jobs.a.outputs.o}}", "${{parent.jobs.a.output.o}}"),
    "p_typo7": PIPELINE.replace("${{parent.jobs.a.outputs.o}}", "${{parent.jobs.a}}"),
    "p_typo8": PIPELINE.replace("${{parent.jobs.a.outputs.o}}", "${{parent.job.a.outputs.o}}"),
    "p_typo9": PIPELINE.replace("${{parent.jobs.a.outputs.o}}", "${{jobs.a.outputs.o}}"),
    "p_spaces": PIPELINE.replace("${{parent.jobs.a.outputs.o}}", "${{ parent.jobs.a.outputs.o }}"),
    "p_spaces_bad": PIPELINE.replace("${{parent.jobs.a.outputs.o}}", "${{ parent.jobs.z.outputs.o }}"),
    "p_self": PIPELINE.replace("x: ${{parent.inputs.rate}}", "x: ${{parent.jobs.a.outputs.o}}"),
    "p_cyc": PIPELINE.replace("x: ${{parent.inputs.rate}}", "x: ${{parent.jobs.b.outputs.z}}"),
    "p_cyc3": PIPELINE.replace("x: ${{parent.inputs.rate}}", "x: ${{parent.jobs.c.outputs.z}}")
    + (
        "  c:\n    command: echo ${{inputs.q}} ${{outputs.z}}\n"
        '    environment: azureml:e:1\n    inputs: {q: "${{parent.jobs.d.outputs.z}}"}\n'
        "    outputs: {z: }\n  d:\n    command: echo ${{inputs.q}}\n"
        '    environment: azureml:e:1\n    inputs: {q: "${{parent.jobs.a.outputs.o}}"}\n'
        "    outputs: {z: }\n"
    ),
    "p_nocompute": PIPELINE.replace("settings:\n  default_compute: azureml:c\n", ""),
    "p_jobs_typo": PIPELINE.replace("jobs:", "job:"),
    "p_jobs_list": re.sub("jobs:[\\s\\S]*", "jobs:\n  - command: x\n", PIPELINE),
    "p_jobs_empty": re.sub("jobs:[\\s\\S]*", "jobs: {}\n", PIPELINE),
    "p_nojobs": re.sub("jobs:[\\s\\S]*", "", PIPELINE),
    "p_notype": PIPELINE.replace("type: pipeline\n", ""),
    "p_nodename": PIPELINE.replace("  a:", "  A-1:"),
    "p_nodetext": PIPELINE + "  c: hello\n  d:\n  e: [1]\n",
    "p_nodetype": PIPELINE.replace("type: command", "type: comand"),
    "p_compmissing": PIPELINE.replace("comp.yml", "nowhere.yml"),
    "p_badcomp": PIPELINE.replace("comp.yml", "badcomp.yml"),
    "p_dupcomp": PIPELINE.replace("comp.yml", "dupcomp.yml"),
    "p_syncomp": PIPELINE.replace("comp.yml", "syncomp.yml"),
    "p_emptycomp": PIPELINE.replace("comp.yml", "empty_comp.yml"),
    "p_listcomp": PIPELINE.replace("comp.yml", "list_comp.yml"),
    "p_compref": PIPELINE.replace("./comp.yml", "azureml:comp"),
    "p_nested": PIPELINE.replace("type: command", "type: pipeline").replace("comp.yml", "pcomp.yml"),
    "p_circ": PIPELINE.replace("type: command", "type: pipeline").replace("comp.yml", "circ1.yml"),
    "p_comptype": PIPELINE.replace("type: command", "type: pipeline"),
    "p_missinp": PIPELINE.replace("      d: ${{parent.jobs.a.outputs.o}}", "      dd: ${{parent.jobs.a.outputs.o}}"),
    "p_inputslist": PIPELINE.replace("      d: ${{parent.jobs.a.outputs.o}}", "      - d"),
    "p_settings": PIPELINE.replace("default_compute:", "defaut_compute:"),
    "p_settings2": PIPELINE.replace("azureml:c\n", "c\n"),
    "p_settings3": PIPELINE.replace(
        "default_compute: azureml:c",
        "default_compute: azureml:c\n  continue_on_step_failure: maybe\n  default_datastore: x\n  force_rerun: 3",
    ),
    "p_unknown": PIPELINE.replace("    type: command\n", "    type: command\n    foo: 1\n    limits: {timeout: x}\n"),
    "p_unknown_inline": PIPELINE.replace("    command:", "    fooo: 1\n    command:"),
    "p_inlinemissing": PIPELINE.replace("    environment: azureml:e:1\n", ""),
    "p_lit": PIPELINE.replace("${{parent.jobs.a.outputs.o}}", "3"),
    "p_nullin": PIPELINE.replace("${{parent.jobs.a.outputs.o}}", ""),
    "p_outbind": PIPELINE.replace("o: {type: uri_folder}", "o: ${{parent.outputs.res}}"),
    "p_outbad": PIPELINE.replace("o: {type: uri_folder}", "o: somewhere"),
    "p_both": PIPELINE + "component: ./comp.yml\n",
    "p_dotinput": PIPELINE.replace("rate: 1", "a-b: 1"),
    "p_dupnode": PIPELINE + "  b:\n    command: x\n",
}
"""What is wrong with a pipeline, or with the files that it names."""

OTHERS = {
    "s_algo": SWEEP.replace("random", "randm"),
    "s_noobj": re.sub("objective.*\n", "", SWEEP),
    "s_goal": SWEEP.replace("maximize", "max"),
    "s_space": SWEEP.replace("uniform", "unifrom"),
    "s_space2": SWEEP.replace("{type: uniform, min_value: 0.1, max_value: 1}", "[0.1, 0.2]"),
    "s_choice": SWEEP.replace("{type: uniform, min_value: 0.1, max_value: 1}", "{type: choice, vals: [1]}"),
    "s_min": SWEEP.replace("min_value: 0.1", "min: 0.1"),
    "s_minbig": SWEEP.replace("min_value: 0.1", "min_value: x"),
    "s_nolimits": re.sub("limits.*\n", "", SWEEP),
    "s_limits": SWEEP.replace("max_total_trials: 4", "max_total_trial: 4, timeout: 1h, max_concurrent_trials: x"),
    "s_trialmissing": re.sub("trial:\\n(  .*\\n)+", "", SWEEP),
    "s_trialcmd": SWEEP.replace("  command: echo ${{inputs.x}} ${{search_space.lr}}\n", ""),
    "s_ref": SWEEP.replace("search_space.lr", "search_space.lrr"),
    "s_early": SWEEP + "early_termination: {type: bandid, slack: 1}\n",
    "s_early2": SWEEP + "early_termination: {type: bandit, slack_factor: x, evaluation_interval: y}\n",
    "s_nospace": re.sub("search_space:\\n(  .*\\n)+", "", SWEEP),
    "s_trialfile": re.sub("trial:\\n(  .*\\n)+", "trial: ./nowhere.yml\n", SWEEP),
    "s_trialinputs": SWEEP.replace("  environment:", "  inputs: {x: 1}\n  environment:"),
    "s_spacelist": re.sub("search_space:\\n(  .*\\n)+", "search_space: [a]\n", SWEEP),
    "sp_entry": SPARK.replace("entry: {file: main.py}\n", ""),
    "sp_entry2": SPARK.replace("{file: main.py}", "main.py"),
    "sp_entry3": SPARK.replace("main.py", "nowhere.py"),
    "sp_conf": SPARK.replace("spark.driver.cores: 1", "spark.driver.cores: x"),
    "sp_confmissing": re.sub("conf.*\n.*\n", "", SPARK),
    "sp_res": SPARK.replace("compute: azureml:c", "resources: {instance_type: x, runtime_version: 9}"),
    "sp_nocode": SPARK.replace("code: ./src\n", ""),
    "sp_none": SPARK.replace("compute: azureml:c\n", ""),
    "sp_args": SPARK + "args: [a]\npy_files: x\njars: 3\n",
    "sp_confstr": SPARK.replace("spark.driver.memory: 2g", "spark.driver.memry: 2g"),
    "sp_confkeys": SPARK + "driver_cores: x\nexecutor_memory: 3\n",
    "a_task": AUTOML.replace("classification", "clasification"),
    "a_notask": AUTOML.replace("task: classification\n", ""),
    "a_metric": AUTOML.replace("accuracy", "acuracy"),
    "a_target": AUTOML.replace("target_column_name: y\n", ""),
    "a_data": re.sub("training_data.*\n", "", AUTOML),
    "a_datatype": AUTOML.replace("mltable", "uri_file"),
    "a_limits": AUTOML.replace("timeout_minutes: 60", "timeout_minute: 60"),
    "a_limits2": AUTOML.replace("timeout_minutes: 60", "timeout_minutes: 1h, enable_early_termination: maybe"),
    "a_feat": AUTOML + "featurization: {mode: atuo}\n",
    "a_training": AUTOML + "training: {enable_stack_ensembl: true, blocked_training_algorithms: [x]}\n",
    "a_forecast": AUTOML.replace("classification", "forecasting").replace("accuracy", "r2_score")
    + "forecasting: {time_colum_name: x}\n",
    "a_cross": AUTOML + "n_cross_validations: x\nvalidation_data_size: 2x\n",
    "ft": "type: finetuning\ntask: x\n",
    "di": "type: distillation\n",
}
"""What is wrong with the other kinds."""


def cases() -> Iterator[Case]:
    """Each file by the name of its mistake."""
    for name, text in {**TEXTS, **COMMANDS, **PIPELINES, **OTHERS}.items():
        yield Case(f"mistake: {name}", text, FILES)
