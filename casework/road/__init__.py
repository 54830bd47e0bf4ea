"""The road after the screening: stages, the service plan with its goals and services, tasks and their days.

`rules` says what may come next, without a database; `moves` changes a client's stage and undoes it; `plans` and
`tasks` keep what belongs to it; `progress` is what the client is told, `replies` what the client answers.
"""

from casework.road.moves import follow, set_out

__all__ = ["follow", "set_out"]
