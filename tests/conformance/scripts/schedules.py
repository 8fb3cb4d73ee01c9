"""Schedules with Microsoft's client: create, list, trigger, disable, enable, let one be due, delete."""

import time
from datetime import datetime, timedelta, timezone

from azure.ai.ml import dsl, load_component
from azure.ai.ml.constants import TimeZone
from azure.ai.ml.entities import CronTrigger, JobSchedule, RecurrencePattern, RecurrenceTrigger
from client import SEEN, UNIQUE, client, ended, refused, report, write

ml = client()
spec = write(
    "say.yml",
    "$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json\n"
    "type: command\nname: say\nversion: '1'\ninputs:\n  word:\n    type: string\n"
    "command: echo ${{inputs.word}}\nenvironment: azureml:AzureML-minimal:1\n",
)
say = load_component(str(spec))


@dsl.pipeline(default_compute="cpu-cluster")
def graph(word: str):
    """One step."""
    say(word=word)


def scheduled(name: str, trigger, job) -> JobSchedule:
    """A schedule of a pipeline job."""
    return JobSchedule(name=f"{name}-{UNIQUE}", trigger=trigger, create_job=job, display_name="shown", tags={"k": "v"})


cron = CronTrigger(expression="15 10 * * 1", start_time=datetime(2099, 1, 1), time_zone=TimeZone.PACIFIC_STANDARD_TIME)
first = scheduled("cron", cron, graph(word="${{creation_context.trigger_time}}"))
made = ml.schedules.begin_create_or_update(first).result()
SEEN["made"] = [made.name, made.provisioning_state, made.is_enabled, made.trigger.expression, made.trigger.time_zone]
SEEN["listed"] = made.name in [each.name for each in ml.schedules.list()]
once = ml.schedules.trigger(made.name)
SEEN["once"] = [once.schedule_action_type, ended(ml, once.job_name).status]
SEEN["display name"] = ml.jobs.get(once.job_name).display_name

SEEN["disabled"] = ml.schedules.begin_disable(made.name).result().is_enabled
SEEN["in list"] = made.name in [each.name for each in ml.schedules.list()]
SEEN["enabled"] = ml.schedules.begin_enable(made.name).result().is_enabled
ml.schedules.begin_disable(made.name).result()
ml.schedules.begin_delete(made.name).result()
SEEN["gone"] = refused(lambda: ml.schedules.get(made.name))

job = ml.jobs.get(once.job_name)
soon = datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(seconds=8)
pattern = RecurrencePattern(hours=soon.hour, minutes=soon.minute)
weekly = scheduled("weekly", RecurrenceTrigger(frequency="week", interval=2, schedule=pattern, start_time=soon), job)
SEEN["pattern"] = ml.schedules.begin_create_or_update(weekly).result().trigger.schedule.minutes == [soon.minute]
for seconds in (5, 30):  # later where making it takes longer than that
    soon = datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(seconds=seconds)
    daily = scheduled(f"daily{seconds}", RecurrenceTrigger(frequency="day", interval=1, start_time=soon), job)
    SEEN["waits"] = ml.schedules.begin_create_or_update(daily).result().trigger.start_time
    if datetime.now(timezone.utc).replace(tzinfo=None) < soon:
        break
deadline = time.monotonic() + 90
while not (due := [each for each in ml.jobs.list() if each.display_name.startswith(f"{daily.name}-")]):
    assert time.monotonic() < deadline, (SEEN, datetime.now(timezone.utc))
    time.sleep(0.3)
SEEN["due"] = [ended(ml, due[0].name).status, due[0].display_name == f"{daily.name}-{soon:%Y%m%dT%H%M%SZ}"]
report()
