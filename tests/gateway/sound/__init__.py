"""The siren and the loudspeakers, with real ends: HTTP and SIP loudspeakers that listen, a relay line, espeak-ng."""
