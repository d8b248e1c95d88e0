// What is bought, as simple solids: for the pictures of the assembly, never printed. mm; each stands on z = 0 or hangs from it.
white = "#e9e6df";
grey = "#d8d4cb";
red = "#c0392b";
green = "#1e8449";
board_green = "#2e7d5b";
dark = "#2b2f36";
metal = "#b8bcc2";
copper = "#b87333";
glass = "#f7f3e8";

module pcb(size) {
    color(board_green) translate([-size[0] / 2, -size[1] / 2, 0]) cube([size[0], size[1], 1.6]);
}

// A small board or a metal can on another; its corner at the origin.
module module_card(size, tone = metal) {
    color(tone) cube(size);
}

// A development board on its sockets: its corner at the origin.
module devkit(size) {
    color(dark) for (y = [0, size[1] - 2.5]) translate([0, y, 0]) cube([size[0], 2.5, 8.5]);
    color("#1f3a5f") translate([0, 0, 8.5]) cube([size[0], size[1], 1.6]);
    color(metal) translate([6, size[1] / 2 - 9, 10.1]) cube([20, 18, 3]);
    color(metal) translate([size[0] - 7, size[1] / 2 - 4.5, 10.1]) cube([8, 9, 3.2]);
}

module cell(d, length) { // lies along z, its plus at the far end
    color("#3d5a80") cylinder(d = d, h = length - 1.2);
    color(metal) cylinder(d = d / 3, h = length);
}

// A key of 30 or 24 mm in a lid whose upper face is z = 0: what is seen, and its body below.
module panel_key(d, tone) {
    color(tone) difference() {
        cylinder(d = d + 3, h = 2);
        translate([0, 0, 1]) cylinder(d = d - 5, h = 2);
    }
    color(tone) cylinder(d1 = d - 6, d2 = d - 8, h = d > 25 ? 7 : 3);
    color(dark) translate([0, 0, -14]) cylinder(d = d - 0.4, h = 14);
    color(dark) translate([0, 0, -21]) cylinder(d = d * 0.7, h = 7);
    color(copper) for (x = [-4, 4]) translate([x - 1.2, -0.4, -26]) cube([2.4, 0.8, 6]);
}

// A small key of 6 mm behind a lid whose lower face is z = 0.
module small_key() {
    color(dark) translate([-3, -3, -3.5]) cube([6, 6, 3.5]);
    color("#555b66") cylinder(d = 3.5, h = 6);
    color(copper) for (x = [-3, 2.4], y = [-2.6, 2]) translate([x, y, -6.5]) cube([0.6, 0.6, 3.2]);
}

// The same on a board, its plunger towards -y.
module small_key_lying() {
    translate([0, 0, 3.6]) rotate([90, 0, 0]) {
        color(dark) translate([-3, -3, -3.5]) cube([6, 6, 3.5]);
        color("#555b66") cylinder(d = 3.5, h = 1.5);
    }
}

module micro_switch() { // on a board, its lever up
    color(dark) translate([-6.4, -2.9, 0]) cube([12.8, 5.8, 6.5]);
    color(metal) translate([-5, -1.8, 7.4]) rotate([0, -4, 0]) cube([13, 3.6, 0.4]);
}

module led_ring() { // hangs from a lid, its lights up
    color("#1f2937") translate([0, 0, -3.2]) difference() {
        cylinder(d = 37, h = 1.6);
        translate([0, 0, -1]) cylinder(d = 23, h = 4);
    }
    for (a = [0 : 30 : 330]) rotate(a) color("#f4f4f0") translate([12.5, -2.5, -1.7]) cube([5, 5, 1.6]);
}

module speaker(d) { // hangs from a lid
    color(dark) translate([0, 0, -4]) cylinder(d = d, h = 4);
    color(dark) translate([0, 0, -12]) cylinder(d1 = d * 0.55, d2 = d * 0.8, h = 8);
    color(metal) translate([0, 0, -18]) cylinder(d = d * 0.55, h = 6);
}

module terminal() { // two poles of 5.08
    color("#2f7dd1") difference() {
        cube([10.2, 8, 10]);
        for (x = [2.6, 7.6]) translate([x, -1, 3]) rotate([-90, 0, 0]) cylinder(d = 3.2, h = 5);
    }
    color(metal) for (x = [2.6, 7.6]) translate([x, 4, 9.6]) cylinder(d = 3.4, h = 0.8);
}

module gland(cable = 44) { // in a wall that looks towards -y; length of its cable
    rotate([90, 0, 0]) {
        color(dark) cylinder(d = 16, h = 5, $fn = 6);
        color(dark) translate([0, 0, 5]) cylinder(d1 = 14, d2 = 10, h = 7);
        color(dark) translate([0, 0, -2.6 - 4]) cylinder(d = 16, h = 4, $fn = 6);
        color("#444a54") translate([0, 0, -12]) cylinder(d = 5, h = cable);
    }
}

module drip_loop() { // how the cable of a gland at the origin goes on: down towards -y, and up again behind the box
    color("#444a54") {
        translate([0, -26, -12]) rotate([0, -90, 0]) rotate([0, 0, 90]) rotate_extrude(angle = 180) translate([12, 0]) circle(d = 5);
        translate([0, -26, -24]) rotate([-90, 0, 0]) cylinder(d = 5, h = 100);
    }
}
