// Sensor node: a plain box, cables from below through glands with a drip loop, terminals behind them.
include <../enclosure/lib.scad>
include <../enclosure/bought.scad>
part = "all";
step = 0;
size = [120, 84, 42];
board = [96, 60];
board_at = [0, 5];
cover = [-40, 26];
reset = 10;
glands = [-42 : 21 : 42];

module sensor_base() {
    board_fits(size, 6, board, board_at);
    difference() {
        base(size, 6, [20, 8], [for (x = [-44, 44], y = [-17, 27]) [x, y]], 8);
        for (x = glands) translate([x, -size[1] / 2 - 1, 24]) rotate([-90, 0, 0]) cylinder(d = 12.4, h = 8); // M12
        translate([size[0] / 2 - wall - 1, reset, 13.5]) rotate([0, 90, 0]) cylinder(d = 2.2, h = 8); // recessed key
    }
}

module sensor_lid() {
    color(white) lid(size, 6) translate([40, 22, -5]) cylinder(d = 5, h = 20); // light: closed with clear glue
    color(white) peg(cover, 25);
}

module in_base() {
    translate([board_at[0], board_at[1], 8]) pcb(board);
    translate([-26, 4, 9.6]) devkit([54, 25.4]);
    for (i = [0 : 6]) translate([-36 + 10.3 * i, -24, 9.6]) terminal();
    translate([cover[0], cover[1], 9.6]) micro_switch();
    translate([board[0] / 2 - 4, reset, 9.6]) rotate(90) small_key_lying();
}

if (step == 1) {
    color(grey) sensor_base();
    in_base();
    for (x = glands) translate([x, -size[1] / 2, 24]) gland();
}
else if (step == 2) rotate([90, 0, 0]) { // as it hangs
    color(grey) sensor_base();
    in_base();
    translate([0, 0, size[2]]) sensor_lid();
    for (x = glands) translate([x, -size[1] / 2, 24]) { gland(38); drip_loop(); }
}
else place(part, part == "all" ? size[2] + 22 : 0) {
    color(grey) sensor_base();
    sensor_lid();
}
