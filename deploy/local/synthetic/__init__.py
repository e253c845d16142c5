"""A synthetic city 合成城市 on real ground: made-up grids, staff, cameras and persons, the same for the same seed.

The divisions and the county borders are real (see deploy/local/data); everything below the community is invented
and says 合成 wherever a person can see it.
"""
