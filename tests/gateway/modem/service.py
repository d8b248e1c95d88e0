# mypy: ignore-errors
"""A template for dbusmock: what stands for ModemManager on the tests' own bus. Runs under the system's Python, in a
process of its own. It answers by ModemManager's D-Bus interface, in the order in which ModemManager 1.18 does it; what
a far telephone does is told to it through org.freedesktop.DBus.Mock.
"""

import json
from datetime import datetime

import dbus
import dbus.service
from dbusmock import MOCK_IFACE, mockobject
from gi.repository import GLib

BUS_NAME = SERVICE = "org.freedesktop.ModemManager1"
MAIN_OBJ = ROOT = "/org/freedesktop/ModemManager1"
MAIN_IFACE = SERVICE
SYSTEM_BUS = True
IS_OBJECT_MANAGER = False

OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
MODEM, MESSAGING, VOICE = SERVICE + ".Modem", SERVICE + ".Modem.Messaging", SERVICE + ".Modem.Voice"
MODEM_3GPP, SMS, CALL, BEARER = SERVICE + ".Modem.Modem3gpp", SERVICE + ".Sms", SERVICE + ".Call", SERVICE + ".Bearer"
TYPES = {"State": dbus.Int32, "StateFailedReason": dbus.UInt32, "UnlockRequired": dbus.UInt32,
         "RegistrationState": dbus.UInt32}  # fmt: skip

world = {"numbers": {}, "references": 0, "far": {}, "log": []}


def load(mock, parameters):
    mock.AddMethod(OBJECT_MANAGER, "GetManagedObjects", "", "a{oa{sa{sv}}}", managed)


def managed(self):
    modems = {p: o for p, o in mockobject.objects.items() if "/Modem/" in p}
    return dbus.Dictionary(
        {dbus.ObjectPath(p): dbus.Dictionary(_filled(o.props), signature="sa{sv}") for p, o in modems.items()},
        signature="oa{sa{sv}}",
    )


def _filled(props):
    return {i: dbus.Dictionary(fields, signature="sv") for i, fields in props.items()}


def _new(kind):
    world["numbers"][kind] = world["numbers"].get(kind, -1) + 1
    return dbus.ObjectPath(f"{ROOT}/{kind}/{world['numbers'][kind]}")


def _object(path):
    if path not in mockobject.objects:
        raise dbus.exceptions.DBusException(f"no object {path}", name=SERVICE + ".Error.Core.NotFound")
    return mockobject.objects[path]


def _refuse(of, ok, err):
    """What the far side or the network was told to do with `of`: True where that was it."""
    wanted = world["far"].pop(of, None)
    if wanted == "hang":
        return True
    if wanted:
        err(dbus.exceptions.DBusException(wanted[1], name=wanted[0]))
        return True
    return False


# --- the world outside, told by a test


@dbus.service.method(MOCK_IFACE, in_signature="s", out_signature="o")
def Plug(self, fields):
    """A modem appears; `fields`: by interface, what differs from one that works."""
    differs = json.loads(fields)
    path = _new("Modem")
    bearer = _new("Bearer")
    self.AddObject(bearer, BEARER, {"Stats": dbus.Dictionary({}, signature="sv")}, [])
    props = {
        MODEM: {
            "State": 8, "StateFailedReason": 0, "UnlockRequired": 1, "EquipmentIdentifier": "867000000000001",
            "Bearers": dbus.Array([bearer], signature="o"),
        },
        MODEM_3GPP: {"RegistrationState": 1},
        MESSAGING: {"Messages": dbus.Array([], signature="o")},
        VOICE: {"Calls": dbus.Array([], signature="o"), "EmergencyOnly": False},
    }  # fmt: skip
    for interface in differs.pop("without", []):
        del props[interface]
    for interface, changed in differs.items():
        props[interface].update(changed)
    for interface in props.values():
        for name, kind in TYPES.items():
            if name in interface:
                interface[name] = kind(interface[name])
    self.AddObject(path, MODEM, props.pop(MODEM), [])
    for interface, values in props.items():
        mockobject.objects[path].AddProperties(interface, values)
    added = dbus.Dictionary(_filled(mockobject.objects[path].props), signature="sa{sv}")
    self.EmitSignal(OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", [path, added])
    return path


@dbus.service.method(MOCK_IFACE, in_signature="o", out_signature="")
def Unplug(self, path):
    interfaces = dbus.Array(list(_object(path).props), signature="s")
    for gone in [path, *(p for p in list(mockobject.objects) if "/Call/" in p or "/SMS/" in p)]:
        self.RemoveObject(gone)
    self.EmitSignal(OBJECT_MANAGER, "InterfacesRemoved", "oas", [path, interfaces])


@dbus.service.method(MOCK_IFACE, in_signature="s", out_signature="")
def Far(self, wishes):
    """What the next Send, Start or Create meets: {"Send": [error, text] | "hang"}."""
    world["far"].update(json.loads(wishes))


@dbus.service.method(MOCK_IFACE, in_signature="oisuu", out_signature="o")
def Arrive(self, modem, kind, number, reference, delivery):
    """A message of PDU type `kind`; a text is added by Write."""
    path = _new("SMS")
    fields = {
        "State": dbus.UInt32(2), "PduType": dbus.UInt32(kind), "Number": number, "Text": "",
        "MessageReference": dbus.UInt32(reference), "DeliveryState": dbus.UInt32(delivery),
        "Timestamp": datetime.now().isoformat(),
    }  # fmt: skip
    self.AddObject(path, SMS, fields, [])
    return path


@dbus.service.method(MOCK_IFACE, in_signature="oosb", out_signature="")
def Write(self, modem, path, text, whole):
    """The first part, or the rest of it: with `whole` the message is received."""
    message, first = _object(path), not _object(path).props[SMS]["Text"]
    message.UpdateProperties(SMS, {"Text": text, "State": dbus.UInt32(3 if whole else 2)})
    if first:
        _object(modem).EmitSignal(MESSAGING, "Added", "ob", [path, True])


@dbus.service.method(MOCK_IFACE, in_signature="os", out_signature="")
def Spoil(self, path, name):
    """A message lacks what every message has."""
    del _object(path).props[SMS][name]


@dbus.service.method(MOCK_IFACE, in_signature="os", out_signature="o")
def RingIn(self, modem, number):
    path = _call(self, number, 2)
    _state(path, 3, 2)
    _object(modem).EmitSignal(VOICE, "CallAdded", "o", [path])
    return path


@dbus.service.method(MOCK_IFACE, in_signature="oiu", out_signature="")
def State(self, path, new, reason):
    _state(path, new, reason)


@dbus.service.method(MOCK_IFACE, in_signature="os", out_signature="")
def Press(self, path, digit):
    _object(path).EmitSignal(CALL, "DtmfReceived", "s", [digit])


@dbus.service.method(MOCK_IFACE, in_signature="t", out_signature="")
def Carry(self, octets):
    """Every connection has carried so much since it was made."""
    stats = dbus.Dictionary({"total-rx-bytes": dbus.UInt64(octets), "total-tx-bytes": dbus.UInt64(0)}, signature="sv")
    for path, thing in mockobject.objects.items():
        if "/Bearer/" in path:
            thing.props[BEARER]["Stats"] = stats


@dbus.service.method(MOCK_IFACE, in_signature="", out_signature="s")
def Seen(self):
    """What was asked of the modem, and what there is now."""
    there = {
        p: o.props.get(SMS) or o.props.get(CALL) for p, o in mockobject.objects.items() if "/SMS/" in p or "/Call/" in p
    }
    return json.dumps({"log": world["log"], "there": there}, default=str)


# --- ModemManager's own methods


@dbus.service.method(MODEM, in_signature="b", out_signature="")
def Enable(self, on):
    world["log"].append(["Enable", bool(on)])
    self.UpdateProperties(MODEM, {"State": dbus.Int32(8 if on else 3)})


@dbus.service.method(MESSAGING, in_signature="", out_signature="ao")
def List(self):
    return dbus.Array([p for p in reversed(list(mockobject.objects)) if "/SMS/" in p], signature="o")


@dbus.service.method(MESSAGING, in_signature="a{sv}", out_signature="o", async_callbacks=("ok", "err"))
def Create(self, fields, ok, err):
    if _refuse("Create", ok, err):
        return
    path = _new("SMS")
    message = {
        "State": dbus.UInt32(0), "PduType": dbus.UInt32(2), "Number": fields["number"], "Text": fields["text"],
        "DeliveryReportRequest": fields["delivery-report-request"], "MessageReference": dbus.UInt32(0),
        "DeliveryState": dbus.UInt32(256),
    }  # fmt: skip
    self.AddObject(path, SMS, message, [])
    self.EmitSignal(MESSAGING, "Added", "ob", [path, False])
    ok(path)


@dbus.service.method(MESSAGING, in_signature="o", out_signature="", async_callbacks=("ok", "err"))
def Delete(self, path, ok, err):
    if _refuse("Delete", ok, err):
        return
    _object(path)
    mockobject.objects[ROOT].RemoveObject(path)
    world["log"].append(["Delete", path])
    self.EmitSignal(MESSAGING, "Deleted", "o", [path])
    ok()


@dbus.service.method(SMS, in_signature="", out_signature="", async_callbacks=("ok", "err"))
def Send(self, ok, err):
    if _refuse("Send", ok, err):
        return
    world["references"] = (world["references"] + 1) % 256
    sent = self.props[SMS]
    world["log"].append(["Send", sent["Number"], sent["Text"], bool(sent["DeliveryReportRequest"])])
    self.UpdateProperties(SMS, {"State": dbus.UInt32(5), "MessageReference": dbus.UInt32(world["references"])})
    ok()


def _call(self, number, direction_out):
    path = _new("Call")
    fields = {"State": dbus.Int32(0), "StateReason": dbus.UInt32(0), "Number": number,
              "Direction": dbus.Int32(1 if direction_out == 2 else 2)}  # fmt: skip
    mockobject.objects[ROOT].AddObject(path, CALL, fields, [])
    return path


def _state(path, new, reason):
    call = _object(path)
    old = call.props[CALL]["State"]
    if old == new:
        return
    call.props[CALL].update({"State": dbus.Int32(new), "StateReason": dbus.UInt32(reason)})
    call.EmitSignal(CALL, "StateChanged", "iiu", [old, new, reason])


@dbus.service.method(VOICE, in_signature="", out_signature="ao")
def ListCalls(self):
    return dbus.Array([p for p in mockobject.objects if "/Call/" in p], signature="o")


@dbus.service.method(VOICE, in_signature="a{sv}", out_signature="o", async_callbacks=("ok", "err"))
def CreateCall(self, fields, ok, err):
    if _refuse("CreateCall", ok, err):
        return
    path = _call(self, fields["number"], 1)
    self.EmitSignal(VOICE, "CallAdded", "o", [path])
    ok(path)


@dbus.service.method(VOICE, in_signature="o", out_signature="")
def DeleteCall(self, path):
    _object(path)
    mockobject.objects[ROOT].RemoveObject(path)
    self.EmitSignal(VOICE, "CallDeleted", "o", [path])


@dbus.service.method(CALL, in_signature="", out_signature="", async_callbacks=("ok", "err"))
def Start(self, ok, err):
    world["log"].append(["Start", self.props[CALL]["Number"]])
    _state(self.path, 1, 1)
    wanted = world["far"].get("Start")
    if wanted and wanted != "hang":  # it tells the end first, and then why it could not begin
        _state(self.path, 7, 5 if "Connection" in wanted[0] else 0)
    if not _refuse("Start", ok, err):
        ok()


@dbus.service.method(CALL, in_signature="", out_signature="")
def Hangup(self):
    if self.props[CALL]["State"] in (0, 7):
        raise dbus.exceptions.DBusException("not active", name=SERVICE + ".Error.Core.Failed")
    world["log"].append(["Hangup", self.props[CALL]["Number"]])
    path = self.path
    GLib.idle_add(lambda: path in mockobject.objects and _state(path, 7, 4))
