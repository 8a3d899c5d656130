"""Use-cases: authorise, act, record. One transaction each; pages, command line and API call nothing else."""
