// Heart-lamp for a table or a wall: light above, sound in the middle, below the red key, round and proud, and the green one,
// smaller, in a square frame. In the dark a hand finds which is which.
include <../enclosure/lib.scad>
include <../enclosure/bought.scad>
part = "all";
step = 0;
size = [112, 168, 46];
board = [90, 60];
board_at = [0, 36];
cell_at = [-36, -30]; // of its cradle, 18.6 x 70
cover = [38, 14];
reset = 28;

module lamp_base() {
    board_fits(size, 14, board, board_at, [[cell_at[0], cell_at[1], 74, 22]]);
    difference() {
        base(size, 14, [22, 44], [for (x = [-40, 40], y = [10, 62]) [x, y]]);
        translate([0, -size[1] / 2 - 1, 14]) rotate([-90, 0, 0]) cylinder(d = 7, h = 8);       // the adapter's cable
        translate([reset, -size[1] / 2 - 1, 14]) rotate([-90, 0, 0]) cylinder(d = 2.2, h = 8); // recessed key
        for (x = [-30 : 12 : 30]) translate([x - 1.5, size[1] / 2 - wall - 1, 12]) cube([3, wall + 2, 18]); // air
    }
    key_pocket(size, reset, 14);
    translate([cell_at[0], cell_at[1], wall - 0.1]) difference() {
        cube([74, 22, 10]);
        translate([1.2, 11, 11]) rotate([0, 90, 0]) cylinder(d = 19.2, h = 71.6);
    }
}

module lamp_lid() {
    color(white) lid(size, 14) {
        translate([0, 44, -5]) light_slot();                     // twelve LEDs
        translate([0, -4, 0]) grille(34, 2.2);                   // speaker of 40 mm
        translate([-26, -52, -5]) cylinder(d = 30.2, h = 20);    // red, OBSF-30
        translate([28, -52, -5]) cylinder(d = 24.2, h = 20);     // green, OBSF-24
        translate([0, -72, -5]) cylinder(d = 6, h = 20);         // cancel
    }
    color(white) translate([0, -4, -3]) ring(44, 40.6, 3.1);     // where the speaker is glued
    color(white) key_seat([0, -72]);
    color(white) peg(cover, 28);
    color(red) translate([-26, -52, 2.9]) ring(41, 34, 4);
    color(green) translate([28, -52, 2.9]) square_frame(36, 28, 6);
    color(white) translate([0, -72, 2.9]) ring(11, 8, 2.6);
}

module in_base() {
    translate([board_at[0], board_at[1], 9]) pcb(board);
    translate([-40, 38, 10.6]) devkit([64, 26]);
    translate([-42, 10, 10.6]) module_card([34, 22, 4], "#6b3fa0");  // charger
    translate([-2, 12, 10.6]) module_card([18, 12, 4], "#6b3fa0");   // boost
    translate([cover[0], cover[1], 10.6]) micro_switch();
    translate([cell_at[0] + 2, cell_at[1] + 11, wall + 11]) rotate([0, 90, 0]) cell(18.4, 69);
    color(copper) translate([0, cell_at[1] + 11, wall + 20.2]) cube([4, 2.4, 2], center = true); // thermistor
    translate([reset, -size[1] / 2 + wall + 4.4, 10.4]) small_key_lying();
}

module keys() {
    translate([-26, -52, 3]) panel_key(30, red);
    translate([28, -52, 3]) panel_key(24, green);
}

module in_lid() {
    keys();
    translate([0, -72, 0]) small_key();
    translate([0, 44, 0]) led_ring();
    translate([0, -4, 0]) speaker(40);
    translate([28, -14, -5]) module_card([18, 20, 4], "#6b3fa0");    // amplifier
    color(glass) translate([0, 44, 3]) diffuser();
}

module closed() {
    color(grey) lamp_base();
    in_base();
    translate([0, 0, size[2]]) { lamp_lid(); in_lid(); }
}

if (part == "glass") diffuser();
else if (step == 1) { color(grey) lamp_base(); in_base(); }
else if (step == 2) rotate([180, 0, 180]) { lamp_lid(); in_lid(); }
else if (step == 3) difference() { closed(); translate([cover[0], -150, -1]) cube(300); }
else place(part, part == "all" ? size[2] + 24 : 0) {
    color(grey) lamp_base();
    union() {
        lamp_lid();
        if (part == "all") {
            keys();
            color(glass) translate([0, 44, 3]) diffuser();
        }
    }
}
