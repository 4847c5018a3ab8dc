"""Make the three stores what a plan says, and say what was changed; a second time nothing is.

Nothing here deletes data: topics and schemas that the plan no longer has stay, only permissions and
users go. `delete_broker_data` is the one way to delete, for one Broker, when somebody asks for it.
"""

from alpha_panda.provision.changes import Changes, everyone_but
from alpha_panda.provision.deletion import delete_broker_data
from alpha_panda.provision.kafka import provision_kafka
from alpha_panda.provision.postgres import compare_postgres, provision_postgres
from alpha_panda.provision.redis import compare_redis, provision_redis

__all__ = [
    "Changes",
    "compare_postgres",
    "compare_redis",
    "delete_broker_data",
    "everyone_but",
    "provision_kafka",
    "provision_postgres",
    "provision_redis",
]
