"""Branches: copies of the four services' databases at one position of each log, to plan in while life goes on.

A branch is opened from a base, served under `/branches/{name}/{service}/...` by a process beside life's, moved from due
day to due day on one clock, compared with others, promoted, and dropped; nothing leaves it. Its modules, from the ground
up, where each imports only those before it:

- `servers`: the throwaway PostgreSQL for bases and branches, and what is removed from it;
- `bases`: the cut under the barrier, the check of the copies, dump and restore; a base is its positions and epochs;
- `worlds`: one branch served: its databases, its four apps on the direct bus, its clock; nothing leaves it;
- `listed`: the branches that exist, in the database `branches` of the branch server, where a restart finds them;
- `assumed`, `steps`, `touched`, `plans`: callers valid in a branch alone, its journal, and promotion;
- `comparison`: up to five branches and life in one table;
- `passing`: what is passed on to a branch's services, and by whom;
- `app`, `__main__`: the process.
"""
