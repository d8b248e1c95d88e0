"""ModemManager's names and numbers, as its D-Bus interface has them (1.16 and later)."""

SERVICE = "org.freedesktop.ModemManager1"
ROOT = "/org/freedesktop/ModemManager1"
NO_OBJECT = "/"

MODEM = SERVICE + ".Modem"
MODEM_3GPP = MODEM + ".Modem3gpp"
MESSAGING = MODEM + ".Messaging"
VOICE = MODEM + ".Voice"
SMS = SERVICE + ".Sms"
CALL = SERVICE + ".Call"
BEARER = SERVICE + ".Bearer"
ERROR = SERVICE + ".Error."

OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"

# Modem.State
FAILED, UNKNOWN, INITIALIZING, LOCKED, DISABLED, DISABLING, ENABLING, ENABLED, SEARCHING, REGISTERED = range(-1, 9)
# Modem.StateFailedReason, Modem.UnlockRequired, Modem3gpp.RegistrationState: those that we tell apart
SIM_MISSING, SIM_ERROR = 2, 3
SIM_PIN, SIM_PUK = 2, 4
DENIED, EMERGENCY_ONLY = 3, 8

# Sms.State, Sms.PduType
RECEIVED = 3
DELIVER, STATUS_REPORT, CDMA_DELIVER = 1, 3, 32

# Call.State, Call.StateReason, Call.Direction
DIALING, RINGING_OUT, RINGING_IN, ACTIVE, HELD, WAITING, TERMINATED = range(1, 8)
OUTGOING_STARTED, REFUSED_OR_BUSY, ERRONEOUS, AUDIO_SETUP_FAILED = 1, 5, 6, 7
INCOMING = 1
