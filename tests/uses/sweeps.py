import tempfile
from pathlib import Path
from arm_nb.sweeps import *
from arm_nb.sweeps import Job, combinations, in_parallel, register_all, registered, run_job

if __name__ == '__main__':                     # a sweep starts processes, and these must not start another
    with tempfile.TemporaryDirectory() as store:
        job, = shard_of(plan('mnist-mini', ['naive'], [1, 2], store), '2/2')
        assert isinstance(job, Job) and run_job(job) == (job.path, '') and done(job)
        assert combinations(dict(a=[1, 2])) == [dict(a=1), dict(a=2)] and list(in_parallel([job], 1)) == [(job.path, '')]
        assert [r.seed for r in sweep(methods=['naive'], seeds=range(3), folder=Path(store), workers=2)] == [0, 1, 2]
    found = registered()
    assert found == {'methods': {}, 'datasets': {}, 'rows': {}, 'divergences': {}}
    register_all(found)
