"""The village's loudspeakers: what they say, and the three ways of making one say it."""
