"""Where our translation is other than Microsoft's client for a reason; everything else that differs is wrong."""

from __future__ import annotations

import re

from tests.oracle.judge import Verdict

REASONS: tuple[tuple[str, str, str], ...] = (
    ("refused here", r"the key .* stands here twice", "one of two equal keys would be lost"),
    ("refused there", r"written with .*tabs? ", "YAML takes a tab there; only the loader that is all Python does not"),
    ("refused here", r"found invalid Unicode character escape code", "half a letter cannot be sent"),
    ("refused here", r"(inf|nan|bytes) (is not an input|cannot be sent as JSON)", "no JSON has it"),
    (
        "refused here",
        r'"azureml::1" does not name|a:1@latest" does not name|e:1@latest" does not name',
        "no name, or two",
    ),
    ("refused here", r'"azureml://registries/r" does not name|code: "azureml:" does not name', "it names nothing"),
    ("refused there", r"azureml:/[ae](:1|@latest)\b", "the form with a slash is taken everywhere"),
    ("differs", r"azureml:/(e:1|AzureML-)", "the form with a slash is taken everywhere"),
    (
        "differs",
        r"^(input|callport: Input \w+) triton_model.* ours '/subscriptions/\S*/models/.*, theirs '/\S*/data/",
        "a model is none of the data",
    ),
    ("refused here", r'"(file|folder):[^"]*": a local path is written without', "no asset is called file"),
    ("refused here", r'"azureml:" is not a datastore', "it names nothing"),
    (
        "refused here",
        r'compute: "\S*" is not a compute|is the id of something in "data", not of a compute',
        "no compute is called so",
    ),
    (
        "refused here",
        r'(code|image|conda_file) = empty|(code|path): "" is not|conda_file: (a list is not|"")|(empty|comment)\.yml',
        "there is nothing to take",
    ),
    ("refused here", r"is a file. Accepted: the folder that holds the Dockerfile", "the service builds from a folder"),
    ("differs", r"^environment with id 'azureml:e:1'", "an id is an id in the job, too"),
    ("refused there", r"unexpected keyword argument 'msi_resource_id'", "a fault of theirs: the schema knows the key"),
    ("differs", r"jobServiceType: ours '(RayDashboard|Studio|Tracking)', theirs 'Custom'", "theirs loses the type"),
    ("refused here", r"is not a type of service", "theirs loses the type, and no such service would run"),
    ("refused here", r"command 'echo \{inputs\.b\}'", "the job has no such input, however it is written"),
    ("refused here", r'outputs\.x\.name: "(a\\n)?" is not a name|version \'\' .*needs a name', "it names nothing"),
    ("refused here", r"nodes wait for each other", "a cycle would never run"),
    ("refused here", r"is a file, and the input is a uri_folder", "the service would look for a folder"),
    (
        "refused here",
        r'the pipeline has no such|there is no node|has no such output|a pipeline has no "|this names no output',
        "what leads nowhere would fail when the job has begun",
    ),
    ("refused here", r"is the id of something in \"environments\", not of a compute", "it is no compute"),
    ("refused here", r"an empty text is no value of an input", "the service answers that the value is required"),
    (
        "differs",
        r"\.value: ours '[-\d.e+]+', theirs '(True|False|-?\d+)'",
        "theirs cuts the fraction off {value: 0.5} and makes a truth value of {value: 1}",
    ),
    ("refused here", r"is not among the files of the build context", "the image could not be built"),
    ("refused here", r"a folder around it", "Microsoft's client goes round forty times and uploads as many copies"),
    ("refused there", r"object\.__init__\(\) takes exactly one argument", "a fault of theirs"),
    ("refused there", r"^automl node text_.*is not in set \['classification'\]", "theirs fails to write the search"),
    (
        "differs",
        r"^automl.*\| ((\S*log_\w+: ours '(en|dis)able', theirs 'Log\w+\.(EN|DIS)ABLE'"
        r"|\S*services\.s\.type: ours alone, 'custom')(; )?)+$",
        "theirs is no word of the service, and it loses the type of the service",
    ),
    ("refused here", r"a node takes its data by a binding", "theirs sends the text of an object"),
    ("differs", r"^registered: retry unknown", "a key that nobody knows"),
    ("refused here", r"^automl .*search_space\S*\.values: \"values\" is required", "a choice of nothing"),
    (
        "refused here",
        r"^automl image.*search_space\S*: \"1\" is not a whole number",
        "theirs takes it or not by what it has read before",
    ),
    ("refused here", r"^automl text.*: no training_data", "there is nothing to train with"),
    ("refused here", r"^automl node .*identity = (binding|in text)", "an identity is no text"),
    ("differs", r"inputs\.\w+\.type = (binding|in text) \|", "the type beside a binding is not used"),
    (
        "refused here",
        r"^automl node .*is not a (whole number|number|word known here|truth value)",
        "theirs reads a text in a search as a distribution that is written already",
    ),
    ("refused here", r"^spark.*a spark job needs compute|^spark node: .*there is no compute", "it would run nowhere"),
    ("refused here", r"(training_data|validation_data): .*(is not data|there is no file)", "there is no such data"),
    ("differs", r"^(custom model|azure open ai|distillation): data .*theirs '", "a bare text is no input"),
    ("differs", r"^distillation: .*missing, theirs is 'None'$", "None is a word of Python"),
    ("refused here", r"(model|student_model)(\.path)?: a model needs a path", "there is no model"),
    # Calls of command(): its keywords are read as the CLI's YAML is, wherever Microsoft's client does not look at them.
    (
        "refused here",
        r"^call.*\| [\w.]+: (a mapping|a list|-?[\d.e+-]+|[Tt]rue|an empty value|\"\"|\"azureml:\") is not (a|an) ",
        "command() does not look at kinds of values",
    ),
    ("refused here", r"^call.*(zzz|Invalid arguments were passed)", "a keyword that nobody knows is a mistake"),
    ("refused here", r"^call: (inputs\.d1|outputs\.o1).*(data needs a path|is not known here)", "the same of ports"),
    ("refused here", r"^call: services\.s1\.port = binding|^call: timeout = binding", "no whole number"),
    ("refused here", r"^call: compute: a/b|^call: command: echo \{inputs\.a", "the service refuses it"),
    ("refused there", r"^call: environment: mapping|^call: services: \{'a': \{'type'", "mappings are the CLI's"),
    ("refused there", r"^call: (code|environment): (file:|azureml:/subscriptions)", "forms of the CLI are taken"),
    ("refused there", r"^call: inputs\.d1\.type = null", "a type that is left open is uri_folder"),
    (
        "differs",
        r"^call.*\| [\w.]*(instanceCount|processCountPerInstance|port): ours \d+, theirs '?[\d.e-]+'?$",
        "the service wants a whole number",
    ),
    ("differs", r"^call: timeout.*ours 'PT\d+S', theirs 'PT[\d.]+S'$", "seconds are sent whole"),
    (
        "differs",
        r"^call: compute: (azureml:(local|serverless|azureml:|virtualclusters|/subscriptions)|Serverless|LOCAL)",
        "compute has the CLI's forms by program, too",
    ),
    (
        "differs",
        r"^call: environment: file:|^call: services.* = mapping \||^call: services: \{'a': \{(\}|'type')",
        "the CLI's forms",
    ),
    ("differs", r"^call.*build at an address", "an environment is named by its content"),
    # Inputs and outputs of calls.
    ("refused there", r"^callport: \w+ mapping None ", "a mapping without a type is data, as in the CLI's YAML"),
    ("differs", r"^callport: Input mapping None ", "the same"),
    ("refused here", r"^callport: Input \w+ path ", "path is no type of data in the service"),
    (
        "refused there",
        r"^callport: \w+ \w+ (URI_FOLDER|\w+ (here )?with (Download|Upload)) ?",
        "words have any case, as in YAML",
    ),
    ("refused there", r"^callport: .*at (file:|azureml:/subscriptions)", "forms of the CLI are taken"),
    ("refused there", r"^callport: Input \w+ boolean and \{'default'", "a default is not sent"),
    ("refused here", r'^callport: .*: "" is not a', "an empty word is none"),
    ("refused here", r"^callport: Output .*(zzz|registered as )", "the service refuses it"),
    ("differs", r"^callport: Output .*assetVersion: ours '1', theirs 1$", "a version is a text"),
    # Objects.
    (
        "differs",
        r"^object: sweep: then job.early_termination.*(slackAmount|slackFactor): ours alone, 0$",
        "0 is no slack",
    ),
    ("differs", r"^object: sweep: space Choice\(\[1, True\]\)", "the dump of the object makes numbers of truth values"),
    ("differs", r"^object: other: automl.*logVerbosity: ours alone, 'Info'$", "that is the service's default"),
    ("differs", r"^object: pipeline: of its class \| jobs.one.name: ours alone", "a node is always named"),
    ("refused there", r"^object: command: job of its class", "its client cannot send what it makes itself"),
    # What is set in a file.
    ("refused here", r"^set: pipeline: jobs\.new = \{\} ", "a step without a command"),
    ("refused there", r"^set: pipeline: jobs = None ", "a pipeline without steps"),
    # Invocations of batch endpoints.
    (
        "refused here",
        r"^invocation: output .*is no place that a batch endpoint writes to",
        "outputs go to a Blob datastore",
    ),
    ("refused here", r"^invocation: (input|output) called .*is not a name", "the service has no such names"),
    ("refused here", r"^invocation: \w+ None \|.*a literal needs a value|^invocation: integer 2.5", "nothing to send"),
    ("refused here", r"^invocation: both forms", "the same thing given twice"),
    ("refused here", r"^invocation: mini_batch_size (0|-1)", "the service refuses it"),
    ("refused here", r"^invocation: plain (\[\]|\{)", "a literal is a scalar"),
    ("refused here", r"^invocation: output .*\.name: ", "the output of a batch job is not registered"),
    (
        "refused there",
        r"^invocation: .*/subscriptions/|^invocation: .* at azureml://locations/",
        "the documentation allows it",
    ),
    (
        "differs",
        r"^invocation: (an experiment and properties|input_data|output_dataset)",
        "nothing that is given is lost",
    ),
    ("differs", r"^invocation: job_name '' ", "an empty name is none"),
    ("differs", r"^invocation: output (None|\{\})", "an empty output is a folder"),
    ("differs", r"^invocation: plain (None|\{'type')", "a mapping is read as in the CLI's inputs.yml"),
    ("refused there", r"named: slash", "azureml:/NAME@latest is a reference like others"),
    ("refused there", r"^flow: by file:", "a component's file may be written with file:"),
    ("refused there", r"(node|job of a component): file:", "file: moves what is relative in the component"),
    ("refused there", r"component: group default", "it looks for inputs of groups in some nodes only"),
    ("refused there", r"component: version = (list|mapping)", "the version of an anonymous component is not used"),
    ("refused there", r"file: jobs\.p\.inputs\.d\.type = (own|binding)", "the type beside a binding is not used"),
    ("refused here", r"distribution with an unknown key", "a key that nobody knows, and is not sent, is a slip"),
    ("refused here", r"nan is not a number", "no component can use it"),
    ("refused here", r'"(a\.\.b|a b)" is not a name', "a name that no command can use"),
    ("refused here", r"inputs\.(d|g\.a)\.path: data needs a path", "the service would have nothing to give"),
    ("refused here", r"(inputs alone|nothing) of type None", "it does not say what it runs"),
    ("refused here", r"inputs/[vd] (bound type|bound mode|both bound)", "a sent type is bound to nothing"),
    ("refused here", r"identity \{'type': 'managed', 'resource_id'", "it is called msi_resource_id"),
    ("differs", r"key: creation", "an id in a component's file is the service's to fill in"),
    ("differs", r"job of a component: (registered|latest|default)", "the service takes the id of a component"),
    ("differs", r"bound datastore", "no datastore has such a name"),
    ("differs", r"^(copy|import|export)\b.*compute = in text", "no compute is called so"),
    ("differs", r"^port of a group: (asset|local)", "theirs leaves data in groups as it is written, and uploads none"),
    (
        "differs",
        r"^registered, a task of its own: .*jobs\.p\.task\.(code|environment): ",
        "theirs sends paths of this machine and short names, which the service does not know",
    ),
    ("refused there", r"^(copy|import): taken on before", "nodes may stand in any order"),
    ("refused there", r"^copy by file: jobs\.m\.inputs\.a\.type = (binding|in text)", "the type is not used there"),
    ("refused here", r"^(copy|import|export)\b.*task = (binding|in text)", "it does not say what the node does"),
)
"""Kind of verdict, what its case and detail hold (a regular expression), and the reason."""


def known(verdict: Verdict) -> str | None:
    """The reason for a difference; None when there is none."""
    line = f"{verdict.case.id} | {verdict.detail}"
    return next((why for kind, what, why in REASONS if kind == verdict.kind and re.search(what, line)), None)
