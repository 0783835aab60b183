"""What every package of governance stands on: tables of bodies, posts, people and rights; the catalogue; reading."""
