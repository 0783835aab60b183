"""Two times: what held on which days, as known at which instant."""
