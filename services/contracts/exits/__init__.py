"""Early exits: on notice served in time (rule EXIT-1), or by agreement. Publishes ContractTerminated."""
