// Camera lamp: the lens behind a shutter that a finger moves and everybody sees; its red light beside the lens.
include <../enclosure/lib.scad>
part = "all";
size = [116, 150, 44];
open = 1; // 0: the shutter covers the lens
lens = [0, 50];

module camera_base() {
    difference() {
        base(size, 12);
        translate([0, -size[1] / 2 - 1, 14]) rotate([-90, 0, 0]) cylinder(d = 7, h = 8);
        translate([30, -size[1] / 2 - 1, 14]) rotate([-90, 0, 0]) cylinder(d = 2.2, h = 8);
        for (x = [-30 : 12 : 30]) translate([x - 1.5, size[1] / 2 - wall - 1, 12]) cube([3, wall + 2, 16]);
    }
    translate([-36, -34, wall]) difference() {
        cube([74, 22, 10]);
        translate([1.2, 11, 11]) rotate([0, 90, 0]) cylinder(d = 19.2, h = 71.6);
    }
    for (x = [-40, 40], y = [4, 44]) translate([x, y, 0]) ring(7, 2.4, 9);
}

module camera_lid() {
    color("#e9e6df") lid(size, 12) {
        translate([lens[0], lens[1], -5]) cylinder(d = 9, h = 20);
        translate([lens[0] - 16, lens[1], -5]) cylinder(d = 5.2, h = 20); // its light, never covered by the shutter
        translate([0, 8, -5]) light_slot();
        translate([-28, -44, -5]) cylinder(d = 30.2, h = 20);
        translate([28, -44, -5]) cylinder(d = 24.2, h = 20);
        translate([0, -62, -5]) cylinder(d = 6, h = 20);
        translate([40, 10, 0]) grille(9, 1.6);
        translate([lens[0] + 9, lens[1] - 2, -5]) cube([22, 4, 20]); // the shutter's tongue moves in it
    }
    color("#e9e6df") for (y = [-1, 1]) translate([lens[0] - 8, lens[1] + y * 11 - 2, 3]) difference() { // rails
        cube([50, 4, 5]);
        translate([-1, y > 0 ? -1 : 2.8, 1]) cube([52, 2.2, 2.4]);
    }
    color("#c0392b") translate([-28, -44, 2.9]) ring(41, 34, 4);
    color("#1e8449") translate([28, -44, 2.9]) square_frame(36, 28, 6);
    color("#e9e6df") translate([0, -62, 3]) ring(11, 8, 2.5);
}

module shutter() {
    cube([22, 18.8, 1.8]);
    translate([15, 4.4, 0]) cube([4, 10, 7]);
    translate([17.5, 8.4, -9]) cube([2, 2, 9]); // its tongue reaches the contact behind the lid
}

module shown() {
    lift = size[2] + 24;
    place(part, part == "all" ? lift : 0) {
        color("#d8d4cb") camera_base();
        camera_lid();
    }
    if (part == "all") translate([0, 0, lift]) {
        color("#2c3e50") translate([lens[0] - 7 + 17 * open, lens[1] - 9.4, 4.2]) shutter();
        color("#f7f3e8") translate([0, 8, 3]) diffuser();
        color("#c0392b") translate([-28, -44, 3]) cylinder(d1 = 27, d2 = 24, h = 9);
        color("#1e8449") translate([28, -44, 3]) cylinder(d1 = 21, d2 = 18, h = 4);
        color("#e74c3c") translate([lens[0] - 16, lens[1], 2]) cylinder(d = 5, h = 2.5);
    }
}
if (part == "glass") diffuser();
else if (part == "shutter") shutter();
else shown();
