"""Valid time and known time: what held on which days, as known at which instant."""
