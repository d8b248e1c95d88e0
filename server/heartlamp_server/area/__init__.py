"""Where people live: county, township, village, household group, site."""
