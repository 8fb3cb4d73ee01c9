"""The operator that cancels the jobs that no task waits for any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_azureml.exceptions import AzureMLException, AzureMLSpecError, translated
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.xcom import recorded_job_name

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.orphans import TaskJob


class AzureMLCancelOrphansOperator(AzureMLBaseOperator):
    """Cancel the active jobs of the workspace whose tasks in this Airflow have ended: what a mark by hand left running.

    Airflow is asked for the state of each job's task. A job is left alone, and the log says why, where its task has not
    ended, where this Airflow did not start it (another one may share the workspace) or can no longer tell (its DAG run
    was deleted, or cleared after its end), and where Airflow does not answer. Jobs that are to outlive their tasks
    (``wait_for_completion=False``, ``cancel_on_kill=False``) and those of batch endpoints are not looked at.
    ``docs/when-tasks-end.md`` has the table of states.

    :param dag_ids: look only at the jobs of these DAGs; default: of all.
    :return: the names of the jobs that were asked to end; it is not waited for.
    :raises AzureMLException: jobs were found that could not be canceled; all others were.
    """

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, "dag_ids")

    def __init__(self, *, dag_ids: Iterable[str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dag_ids = dag_ids

    def execute(self, context: Any) -> list[str]:
        """Look at all active jobs of tasks, and cancel those whose tasks have ended."""
        with translated():
            return self._sweep()

    def _sweep(self) -> list[str]:
        from airflow_azureml.lifecycle.cancellation import cancel
        from airflow_azureml.lifecycle.orphans import active_jobs
        from airflow_azureml.rest.errors import AzureMLError

        dag_ids = self._dag_ids()
        canceled: list[str] = []
        failed: list[str] = []
        with self.hook().client() as client:
            found = client.run(active_jobs(client.workspace, dag_ids))
            self.log.info("Active Azure ML jobs that end with their tasks: %d.", len(found))
            for one in found:
                name = one.job.name
                if not self._is_orphan(client, one):
                    continue
                try:
                    outcome = client.run(cancel(client.workspace, name))
                except AzureMLError as error:
                    self.log.warning("Azure ML job %s could not be canceled: %s", name, error)
                    failed.append(name)
                    continue
                self.log.info("Azure ML job %s %s.", name, outcome)
                canceled += [name] if outcome.asked else []
        if failed:
            raise AzureMLException(
                f"Azure ML jobs that no task waits for could not be canceled: {', '.join(failed)}. "
                f"Canceled: {', '.join(canceled) or 'none'}."
            )
        return canceled

    def _dag_ids(self) -> frozenset[str] | None:
        if self.dag_ids is None:
            return None
        several = isinstance(self.dag_ids, Iterable) and not isinstance(self.dag_ids, (str, bytes, Mapping))
        dag_ids = tuple(self.dag_ids) if several else ()
        if not several or not all(isinstance(dag_id, str) and dag_id.strip() for dag_id in dag_ids):
            raise AzureMLSpecError(f"dag_ids: {self.dag_ids!r} is not accepted. Accepted: a list of DAG ids, or None.")
        return frozenset(dag_ids)

    def _is_orphan(self, client: Any, found: TaskJob) -> bool:
        """Whether the job's task has ended, and is one of this Airflow's; the log says why not.

        :param client: the hook's open client.
        """
        from airflow_azureml.lifecycle.orphans import is_recorded
        from airflow_azureml.lifecycle.task_fate import NO_STATE, Fate, Where, decide
        from airflow_azureml.task_states import iteration_end, lasting_state

        name = found.job.name
        instance = (found.dag_id, found.task_id, found.run_id, found.map_index)
        task = f"task {found.dag_id}.{found.task_id}" + (f" [{found.map_index}]" if found.map_index >= 0 else "")
        task += f" of DAG run {found.run_id}"
        try:
            state = iteration_end(*instance[:3], *found.place) if found.place else lasting_state(*instance) or NO_STATE
            if decide(Where.SWEEP, state) is Fate.LEAVE:
                self.log.info("Azure ML job %s is left alone: %s (task state: %s).", name, task, state)
                return False
            recorded = recorded_job_name(*instance)
        except Exception as error:  # noqa: BLE001 - no answer, for whatever reason, ends no job
            said = str(error).partition("\n")[0]
            self.log.warning("Azure ML job %s is left alone: Airflow does not report %s: %s", name, task, said)
            return False
        if not client.run(is_recorded(client.workspace, found, recorded)):
            self.log.info(
                "Azure ML job %s is left alone: this Airflow has a %s (task state: %s), but no record that it "
                "started this job.",
                *(name, task, state),
            )
            return False
        self.log.info("Nothing waits for Azure ML job %s any more: %s has ended (task state: %s).", name, task, state)
        return True
