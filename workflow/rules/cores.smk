# Snakemake before 9.16 does not take the cores of a job that is the only one ready, but frees them
# when it ends: after some such jobs twice as many run as --cores allows, and memory runs out.

from snakemake.scheduling.job_scheduler import JobScheduler


def counting_every_job(select):
    """Take the cores of a job that was chosen alone; a later Snakemake does so by itself."""

    def selected(scheduler, jobs):
        free = scheduler.resources["_cores"]
        chosen = select(scheduler, jobs)
        if chosen and scheduler.resources["_cores"] == free:
            scheduler.update_available_resources(chosen)
        return chosen

    return selected


JobScheduler.job_selector = counting_every_job(JobScheduler.job_selector)
