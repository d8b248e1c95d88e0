"""What `setup` leaves in gateway.toml for the technician: each part that not every box has, commented out."""

MARK = "# ---- Parts that not every village has"

OPTIONAL = (
    MARK
    + """: without its table a part does not run. 不是每个村都有的部件，
# 不写就不运行。 Take the # away from the lines that have no blank after it, then: 去掉行首紧跟内容的 #，然后
# sudo systemctl restart heartlamp-gateway && sudo heartlamp-gateway doctor

# The village office's page, its API and /metrics. 村办公室的页面。 Choose codes of your own.
#[http]
#port = 8080
#code = "choose at least 8 characters"
#answer_code = "another one: who gives it answers for somebody on duty"

# A modem with a SIM card: calls and messages to those on duty. 打电话、发短信。 Needs ModemManager.
#[modem]
#country = "86"
#[modem.sim]                    # warned of 30 days ahead, below balance_low, and at 80 % of the megabytes
#payer = "村委会"
#balance = 50                   # as somebody looked it up, on balance_on
#balance_on = 2026-11-01
#balance_low = 10
#expires = 2027-06-30
#megabytes = 1024
#[modem.audio]                  # without it a call rings and says nothing
#device = "plughw:CARD=Android"  # as `aplay -L` names it
#prompts = "prompts"            # docs/prompts.md

# A siren on a relay. 警报器。 Line: its number on the chip, or its name.
#[siren]
#chip = "/dev/gpiochip0"
#line = 17
#active_low = false             # true: the relay closes at 0 V

# Loudspeakers, one [[speaker]] for each. 大喇叭。 kind: http, sip or command.
#[sound]
#prompts = "prompts"
#night = ["22:00", "06:00"]
#[[speaker]]
#name = "村口"
#kind = "http"
#url = "http://192.168.8.60/api/play"
#[[speaker]]
#name = "北坡"
#kind = "sip"
#uri = "sip:8001@192.168.8.61"
#groups = ["03", "04"]          # household groups that hear it; without the line all

# The UPS, through NUT's upsd. 不间断电源。 name: as in ups.conf.
#[ups]
#name = "box"

# Stills of cameras on their way to the county. 摄像头图片。
#[pictures]
#most_mb = 64

# Programs for devices, kept here and given out slowly. 设备升级。
#[updates]
#most_mb = 8

# Devices ask this box for the time. 给设备对时。
#[time]
#port = 123

# Home Assistant learns of every device, and can do nothing. 接入 Home Assistant。
#[home_assistant]
#on = true
#password = "choose at least 8 characters"

# When silence is a trouble, and how much of the disk is whose. 监护与磁盘。 These are the defaults.
#[supervision]
#village_many = 10
#group_many = 3
#never_hours = 24
#reserve_mb = 16
#readings_mb = 64
"""
)
