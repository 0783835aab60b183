"""What every package of governance is built on: tables of bodies, posts, people and rights; the catalogue; reading."""
