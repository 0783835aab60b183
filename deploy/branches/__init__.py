"""Branches: copies of the four services' databases at one position of each log, to plan in beside life.

A branch is opened from a base, served under `/branches/{name}/{service}/...` by a process beside life's, moved from
due day to due day on one clock, compared with others, promoted, and dropped; nothing leaves it. Its modules, from the
ground up, where each imports only those before it:

- `servers`: the throwaway PostgreSQL for bases and branches, and what is removed from it;
- `bases`: the cut under the barrier, the check of the copies, dump and restore; a base is its positions and epochs;
- `register`: the branches that exist, in the database `branches` of the branch server, where a restart finds them;
- `sight`: what a planner reads in a branch, bounded by what the same token reads in life at the base;
- `worlds`: one branch served: its databases, its four apps on the direct bus, its clock; nothing leaves it;
- `assumptions`, `steps`, `recorder`: callers valid in a branch alone, its journal, and its commands one after another;
- `errors`, `views`, `lifecycle`: opening, moving and dropping branches, and their limits;
- `gateway`: what is passed on to a branch's services, and by whom;
- `comparison`: up to five branches and life in one table;
- `conflicts`, `plans`: what a plan touches, its promotion into life, and the rebase of a branch;
- `egress`, `app`, `__main__`: the process, which reaches nothing but its databases, life's services and the issuer.

A base holds the same epochs as life; a branch has epochs of its own, and an id that no later branch of its name has.
"""
